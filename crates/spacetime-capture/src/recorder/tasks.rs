//! The asyncio task in which a call starts.
//!
//! asyncio keeps the running task of each event loop in a dict, which is empty while no task runs;
//! that is all that a program without tasks is asked. Only C code of asyncio is called.

use super::Recorder;
use crate::heap::names::text_of;
use crate::layout;
use pyo3_ffi::*;
use spacetime_store::stream::{Sink, record};
use std::ptr;

/// What is known of asyncio, once the program has imported it. The references are owned and kept.
pub struct Tasks {
    /// The running task of each loop, or null.
    running: *mut PyObject,
    running_loop: *mut PyObject,
    task_type: *mut PyObject,
    get_name: *mut PyObject,
    /// The name that the stream was told last (owned), or null for none.
    told: *mut PyObject,
}

impl Default for Tasks {
    fn default() -> Tasks {
        Tasks {
            running: ptr::null_mut(),
            running_loop: ptr::null_mut(),
            task_type: ptr::null_mut(),
            get_name: ptr::null_mut(),
            told: ptr::null_mut(),
        }
    }
}

impl Tasks {
    /// Another stream begins, in which no task is known.
    pub fn start_over(&mut self) {
        // SAFETY: an owned reference, or null; the GIL is held.
        unsafe { Py_XDECREF(std::mem::replace(&mut self.told, ptr::null_mut())) };
    }

    /// Looks whether asyncio was imported meanwhile.
    ///
    /// # Safety
    /// The GIL must be held and no exception set.
    pub unsafe fn look_for_asyncio(&mut self) {
        if !self.running.is_null() {
            return;
        }
        // SAFETY: plain use of the API; what is found is checked before it is trusted.
        unsafe {
            let modules = PyImport_GetModuleDict();
            if modules.is_null() || PyDict_CheckExact(modules) == 0 {
                return;
            }
            let module = PyDict_GetItemString(modules, c"_asyncio".as_ptr());
            if module.is_null() || PyModule_CheckExact(module) == 0 {
                return;
            }
            let member = |name: &std::ffi::CStr| {
                PyDict_GetItemString(PyModule_GetDict(module), name.as_ptr())
            };
            let running = member(c"_current_tasks");
            let running_loop = member(c"_get_running_loop");
            let task_type = member(c"Task");
            if [running, running_loop, task_type].contains(&ptr::null_mut())
                || PyDict_CheckExact(running) == 0
                || PyCFunction_CheckExact(running_loop) == 0
                || PyType_Check(task_type) == 0
            {
                return;
            }
            let get_name = PyObject_GetAttrString(task_type, c"get_name".as_ptr());
            if get_name.is_null() {
                return PyErr_Clear();
            }
            for kept in [running, running_loop, task_type] {
                Py_INCREF(kept);
            }
            (self.running, self.running_loop) = (running, running_loop);
            (self.task_type, self.get_name) = (task_type, get_name);
        }
    }

    /// The name of the running task (a new reference), or null.
    unsafe fn name(&self, tstate: *mut PyThreadState) -> *mut PyObject {
        // SAFETY: the references are owned; the functions are C code of asyncio.
        unsafe {
            let task = self.task(tstate);
            if task.is_null() || PyType_IsSubtype(Py_TYPE(task), self.task_type.cast()) == 0 {
                return ptr::null_mut();
            }
            Py_INCREF(task);
            let name = PyObject_CallOneArg(self.get_name, task);
            Py_DECREF(task);
            if name.is_null() {
                PyErr_Clear();
            }
            name
        }
    }

    /// The task that runs on this thread (borrowed), or null.
    unsafe fn task(&self, tstate: *mut PyThreadState) -> *mut PyObject {
        // SAFETY: as above; the loop is hashed by its address, or not asked.
        unsafe {
            let (mut key, mut task, mut at) = (ptr::null_mut(), ptr::null_mut(), 0);
            PyDict_Next(self.running, &raw mut at, &raw mut key, &raw mut task);
            if PyDict_Size(self.running) == 1 && !layout::other_threads_exist(tstate) {
                return task;
            }
            let running_loop = PyObject_CallNoArgs(self.running_loop);
            if running_loop.is_null() {
                PyErr_Clear();
                return ptr::null_mut();
            }
            at = 0;
            while PyDict_Next(self.running, &raw mut at, &raw mut key, &raw mut task) != 0 {
                if key == running_loop {
                    Py_DECREF(running_loop);
                    return task;
                }
            }
            Py_DECREF(running_loop);
            ptr::null_mut()
        }
    }
}

impl Recorder {
    /// Tells the stream in which task the next call starts, if it is another than before.
    ///
    /// # Safety
    /// `tstate` must be the current thread state, with the GIL held.
    #[inline(always)]
    pub(super) unsafe fn note_task(&mut self) {
        let tasks = &self.tasks;
        // SAFETY: an owned dict.
        let are_running = !tasks.running.is_null() && unsafe { PyDict_Size(tasks.running) } != 0;
        if are_running || !tasks.told.is_null() {
            // SAFETY: passed on.
            unsafe { self.note_other_task(are_running) };
        }
    }

    #[cold]
    unsafe fn note_other_task(&mut self, are_running: bool) {
        // SAFETY: the thread that runs now is the current one.
        unsafe {
            let name = match are_running {
                true => self.tasks.name(self.tstate),
                false => ptr::null_mut(),
            };
            if name == self.tasks.told {
                return Py_XDECREF(name);
            }
            // The last name is held: another object at its address is not taken for it.
            Py_XDECREF(std::mem::replace(&mut self.tasks.told, name));
            let text = text_of(name).unwrap_or_default();
            self.heap.sink.byte(record::TASK);
            self.heap.sink.blob(text.as_bytes());
            self.heap.sink.record_end();
        }
    }
}
