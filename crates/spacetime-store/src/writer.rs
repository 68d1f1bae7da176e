//! The writer thread.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;

use crate::recording::{Options, Order, Shared};
use crate::ring::RingReader;
use crate::{Result, Target};

pub(crate) struct Writer {
    shared: Arc<Shared>,
    ring: RingReader,
    orders: Receiver<Order>,
}

impl Writer {
    pub fn new(
        _target: &Target,
        _options: &Options,
        shared: Arc<Shared>,
        ring: RingReader,
        orders: Receiver<Order>,
    ) -> Result<Self> {
        Ok(Self {
            shared,
            ring,
            orders,
        })
    }

    pub fn start(self) -> Vec<JoinHandle<()>> {
        Vec::new()
    }
}
