//! `sys.monitoring` as the recorder uses it: one tool, a callback for each event, and the choice of events
//! per code object.

use crate::callbacks;
use pyo3_ffi::*;
use std::ffi::CStr;
use std::ptr;

/// The events that the recorder listens to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Event {
    PyStart,
    PyResume,
    PyReturn,
    PyYield,
    PyThrow,
    PyUnwind,
    Raise,
    Line,
    Instruction,
    Jump,
}

impl Event {
    const ALL: [Event; 10] = [
        Event::PyStart,
        Event::PyResume,
        Event::PyReturn,
        Event::PyYield,
        Event::PyThrow,
        Event::PyUnwind,
        Event::Raise,
        Event::Line,
        Event::Instruction,
        Event::Jump,
    ];

    fn name(self) -> &'static CStr {
        match self {
            Event::PyStart => c"PY_START",
            Event::PyResume => c"PY_RESUME",
            Event::PyReturn => c"PY_RETURN",
            Event::PyYield => c"PY_YIELD",
            Event::PyThrow => c"PY_THROW",
            Event::PyUnwind => c"PY_UNWIND",
            Event::Raise => c"RAISE",
            Event::Line => c"LINE",
            Event::Instruction => c"INSTRUCTION",
            Event::Jump => c"JUMP",
        }
    }
}

/// The tool ids in the order of preference: 0 is for debuggers, 1 for coverage, 2 for profilers,
/// 5 for optimizers.
const TOOL_IDS: [i64; 6] = [4, 3, 5, 2, 1, 0];

/// A tool of `sys.monitoring` that is ours.
pub struct Monitoring {
    tool: i64,
    module: *mut PyObject,
    set_local_events: *mut PyObject,
    numbers: [i64; Event::ALL.len()],
    /// Codes that have local events, which outlive the tool unless they are cleared (gh-111963).
    instrumented: Vec<*mut PyObject>,
    global_mask: i64,
}

/// Why monitoring cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unavailable {
    /// All tool ids are taken; these tools have them.
    NoFreeTool(Vec<String>),
    /// `sys.monitoring` is not as expected.
    Unexpected(String),
}

impl Monitoring {
    /// Takes a free tool id and registers the callbacks.
    ///
    /// # Safety
    /// The GIL must be held and no exception set.
    pub unsafe fn acquire() -> Result<Monitoring, Unavailable> {
        // SAFETY: passed on; `sys.monitoring` is a module of CPython 3.12 and later.
        unsafe {
            let module = PySys_GetObject(c"monitoring".as_ptr());
            if module.is_null() {
                return Err(Unavailable::Unexpected(
                    "`sys.monitoring` does not exist".into(),
                ));
            }
            Py_INCREF(module);
            let tool = free_tool(module)?;
            let mut monitoring = Monitoring {
                tool,
                module,
                set_local_events: get(module, c"set_local_events")?,
                numbers: [0; Event::ALL.len()],
                instrumented: Vec::new(),
                global_mask: 0,
            };
            let name = PyUnicode_FromString(c"spacetimepy".as_ptr());
            monitoring.call(c"use_tool_id", &[PyLong_FromLongLong(tool), name])?;
            if let Err(reason) = monitoring.register_callbacks() {
                monitoring.release();
                return Err(reason);
            }
            Ok(monitoring)
        }
    }

    unsafe fn register_callbacks(&mut self) -> Result<(), Unavailable> {
        // SAFETY: passed on.
        unsafe {
            let events = get(self.module, c"events")?;
            let disable = get(self.module, c"DISABLE")?;
            for (at, event) in Event::ALL.into_iter().enumerate() {
                let number = get(events, event.name())?;
                self.numbers[at] = PyLong_AsLongLong(number);
                let callback = callbacks::make(event, disable);
                if callback.is_null() {
                    return Err(unexpected());
                }
                let arguments = [PyLong_FromLongLong(self.tool), number, callback];
                self.call(c"register_callback", &arguments)?;
            }
            Py_DECREF(events);
            self.restart()
        }
    }

    /// Events that were dismissed, by an earlier recording or this one, are of interest again.
    ///
    /// # Safety
    /// The GIL must be held.
    pub unsafe fn restart(&self) -> Result<(), Unavailable> {
        // SAFETY: passed on.
        unsafe { self.call(c"restart_events", &[]) }
    }

    fn mask(&self, events: &[Event]) -> i64 {
        let number =
            |event: &Event| self.numbers[Event::ALL.iter().position(|e| e == event).unwrap_or(0)];
        events
            .iter()
            .map(number)
            .fold(0, |mask, number| mask | number)
    }

    /// Listens to events of one code object.
    ///
    /// # Safety
    /// `code` must be a code object that is kept alive, with the GIL held.
    pub unsafe fn listen_to_code(
        &mut self,
        code: *mut PyObject,
        events: &[Event],
    ) -> Result<(), Unavailable> {
        let mask = self.mask(events);
        // SAFETY: passed on.
        unsafe {
            self.set_local(code, mask)?;
        }
        if mask != 0 {
            self.instrumented.push(code);
        }
        Ok(())
    }

    unsafe fn set_local(&self, code: *mut PyObject, mask: i64) -> Result<(), Unavailable> {
        // SAFETY: three new or counted references; the function is C.
        unsafe {
            let (tool, mask) = (PyLong_FromLongLong(self.tool), PyLong_FromLongLong(mask));
            let arguments = [tool, code, mask];
            let result = PyObject_Vectorcall(
                self.set_local_events,
                arguments.as_ptr(),
                arguments.len(),
                ptr::null_mut(),
            );
            Py_DECREF(tool);
            Py_DECREF(mask);
            if result.is_null() {
                return Err(unexpected());
            }
            Py_DECREF(result);
            Ok(())
        }
    }

    /// Listens to events of all code.
    ///
    /// # Safety
    /// The GIL must be held.
    pub unsafe fn listen_to_all(&mut self, events: &[Event]) -> Result<(), Unavailable> {
        let mask = self.mask(events);
        if mask == self.global_mask {
            return Ok(());
        }
        self.global_mask = mask;
        // SAFETY: passed on.
        unsafe {
            self.call(
                c"set_events",
                &[PyLong_FromLongLong(self.tool), PyLong_FromLongLong(mask)],
            )
        }
    }

    /// Calls a function of the module; the references to the arguments are taken.
    unsafe fn call(&self, name: &CStr, arguments: &[*mut PyObject]) -> Result<(), Unavailable> {
        // SAFETY: arguments are owned references or null.
        unsafe {
            let function = get(self.module, name)?;
            let result = PyObject_Vectorcall(
                function,
                arguments.as_ptr(),
                arguments.len(),
                ptr::null_mut(),
            );
            Py_DECREF(function);
            arguments.iter().for_each(|&argument| Py_XDECREF(argument));
            if result.is_null() {
                return Err(unexpected());
            }
            Py_DECREF(result);
            Ok(())
        }
    }

    /// Stops listening and gives the tool id back.
    ///
    /// # Safety
    /// The GIL must be held; the codes listened to must still be alive.
    pub unsafe fn release(&mut self) {
        // SAFETY: passed on. Errors at this point leave a tool id in use, nothing else.
        unsafe {
            let _ = self.listen_to_all(&[]);
            for code in std::mem::take(&mut self.instrumented) {
                let _ = self.set_local(code, 0);
            }
            for event in Event::ALL {
                let Ok(number) = get_number(self.module, event) else {
                    continue;
                };
                let none = Py_None();
                Py_INCREF(none);
                let _ = self.call(
                    c"register_callback",
                    &[PyLong_FromLongLong(self.tool), number, none],
                );
            }
            let _ = self.call(c"free_tool_id", &[PyLong_FromLongLong(self.tool)]);
            PyErr_Clear();
        }
    }
}

unsafe fn get_number(module: *mut PyObject, event: Event) -> Result<*mut PyObject, Unavailable> {
    // SAFETY: passed on.
    unsafe {
        let events = get(module, c"events")?;
        let number = get(events, event.name());
        Py_DECREF(events);
        number
    }
}

unsafe fn get(object: *mut PyObject, name: &CStr) -> Result<*mut PyObject, Unavailable> {
    // SAFETY: passed on.
    let value = unsafe { PyObject_GetAttrString(object, name.as_ptr()) };
    // SAFETY: an exception is set.
    if value.is_null() {
        Err(unsafe { unexpected() })
    } else {
        Ok(value)
    }
}

/// The current exception as a reason.
unsafe fn unexpected() -> Unavailable {
    // SAFETY: the GIL is held.
    unsafe {
        let exception = PyErr_GetRaisedException();
        if exception.is_null() {
            return Unavailable::Unexpected("a call failed without an exception".into());
        }
        let text = PyObject_Str(exception);
        let reason = crate::heap::names::text_of(text).unwrap_or_default();
        Py_XDECREF(text);
        Py_DECREF(exception);
        PyErr_Clear();
        Unavailable::Unexpected(reason)
    }
}

unsafe fn free_tool(module: *mut PyObject) -> Result<i64, Unavailable> {
    let mut taken = Vec::new();
    // SAFETY: `get_tool` gives None for a free id.
    unsafe {
        let get_tool = get(module, c"get_tool")?;
        for id in TOOL_IDS {
            let argument = PyLong_FromLongLong(id);
            let owner = PyObject_CallOneArg(get_tool, argument);
            Py_DECREF(argument);
            if owner.is_null() {
                return Err(unexpected());
            }
            if owner == Py_None() {
                Py_DECREF(get_tool);
                return Ok(id);
            }
            taken.push(crate::heap::names::text_of(owner).unwrap_or_default());
            Py_DECREF(owner);
        }
        Py_DECREF(get_tool);
    }
    Err(Unavailable::NoFreeTool(taken))
}
