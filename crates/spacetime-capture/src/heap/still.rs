//! Functions and cells that stay as they are.
//!
//! Closures are everywhere: a decorated function holds cells that hold functions that hold cells. Unlike
//! other objects they change in few ways, all of which are told: a variable in a cell is bound by an
//! instruction, defaults are assigned. So a function from which nothing but functions, cells and
//! constants can be reached is *still*: it is not compared in every epoch, until some cell or function
//! changed, or may have.

use super::types::code_of_function;
use super::{EntryIndex, EntryState, Heap};
use pyo3_ffi::*;
use spacetime_store::stream::Kind;

/// Functions and cells looked at to find whether one function is still.
const MAX_LOOKED_AT: usize = 200;

impl Heap {
    /// A cell or a function changed, or may have: all of them are compared in this epoch and those to come
    /// as others are, until they are found to be still again.
    #[inline]
    pub fn disturb(&mut self) {
        self.stillness = self.stillness.wrapping_add(1);
    }

    /// From now on code that binds variables in cells may run without being listened to.
    pub fn expect_cells_to_change(&mut self) {
        self.cells_may_change = true;
        self.disturb();
    }

    /// Whether nothing that is reachable from an entry changes without being told.
    #[inline(always)]
    pub(super) fn is_still(&self, index: EntryIndex) -> bool {
        let entry = &self.entries[index as usize];
        entry.is_constant || entry.still == self.stillness
    }

    /// Whether the object of an entry that is still shows nothing to the contrary: it has the type and the
    /// code that the entry knows, and no first parts.
    ///
    /// # Safety
    /// The entry's object must be alive.
    #[inline]
    pub(super) unsafe fn is_as_known(&self, index: EntryIndex) -> bool {
        let entry = &self.entries[index as usize];
        // SAFETY: passed on; what is read follows the object's type.
        unsafe {
            if Py_TYPE(entry.object) != entry.type_ {
                return false;
            }
            entry.kind != Kind::Function
                || code_of_function(entry.object) == entry.code && !self.has_first_parts(index)
        }
    }

    /// Whether a function whose entry knows of no dict has one now (an attribute was given to it), or one
    /// that had no parts at all has defaults.
    unsafe fn has_first_parts(&self, index: EntryIndex) -> bool {
        let entry = &self.entries[index as usize];
        // SAFETY: a function is read only if the object is one.
        unsafe {
            if entry.has_dict || Py_TYPE(entry.object) != &raw mut PyFunction_Type {
                return false;
            }
            let function = entry.object.cast::<PyFunctionObject>();
            let has_defaults =
                !(*function).func_defaults.is_null() || !(*function).func_kwdefaults.is_null();
            !(*function).func_dict.is_null() || entry.is_constant && has_defaults
        }
    }

    /// Whether an object is one whose changes may disturb others that are still.
    ///
    /// # Safety
    /// `object` must be null or alive.
    pub unsafe fn may_be_still(&self, object: *mut PyObject) -> bool {
        // SAFETY: reads the type.
        let is_kind = !object.is_null() && {
            let type_ = unsafe { Py_TYPE(object) };
            type_ == &raw mut PyCell_Type || type_ == &raw mut PyFunction_Type
        };
        is_kind && self.find(object).is_some()
    }

    /// Finds out whether a function that was just compared is still, and with it all that it reaches.
    pub(super) fn find_still(&mut self, function: EntryIndex) {
        let root = &mut self.entries[function as usize];
        if root.kind != Kind::Function || root.looked_at == self.stillness {
            return;
        }
        let mut reached = vec![function];
        let mut at = 0;
        let mut is_final = true;
        let is_still = loop {
            let Some(&index) = reached.get(at) else {
                break true;
            };
            at += 1;
            let entry = &self.entries[index as usize];
            if entry.state == EntryState::New {
                is_final = false;
                break false;
            }
            let is_cell = entry.type_ == &raw mut PyCell_Type;
            let is_function = entry.kind == Kind::Function && !entry.has_dict;
            if !(is_cell || is_function) || reached.len() > MAX_LOOKED_AT {
                break false;
            }
            for edge in entry.edges() {
                // A cell keeps what is immutable alive.
                let is_known = self.is_still(edge) || self.entries[edge as usize].is_immutable;
                if !is_known && !reached.contains(&edge) {
                    reached.push(edge);
                }
            }
        };
        if is_final {
            self.entries[function as usize].looked_at = self.stillness;
        }
        if is_still {
            for index in reached {
                self.entries[index as usize].still = self.stillness;
            }
        }
    }
}
