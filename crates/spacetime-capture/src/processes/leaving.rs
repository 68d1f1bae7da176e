//! The C functions by which a process ends at once, becomes another program, starts one, or closes
//! descriptors by number ([`closing`]).
//!
//! Each of these functions has its implementation replaced, in the table that CPython calls it by, by
//! one that does what is due and then calls the original. So no function object changes, and the
//! program cannot tell. What a started program is told stands in one environment variable, which
//! only the new process gets: `SPACETIME_CHILD=SESSION:CALL:NOTE`.

use super::{Origin, closing, here};
use crate::callbacks;
use crate::recorder::Recorder;
use crate::selfcheck;
use pyo3_ffi::*;
use spacetime_bytecode::Version;
use spacetime_model::ExitKind;
use spacetime_store::EndInfo;
use spacetime_store::recording::EndedAhead;
use std::ffi::{CStr, CString, OsStr, c_int};
use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

const VARIABLE: &str = "SPACETIME_CHILD";

pub(super) type Arguments = *const *mut PyObject;
type Fast = unsafe extern "C" fn(*mut PyObject, Arguments, Py_ssize_t) -> *mut PyObject;
type FastWithKeywords =
    unsafe extern "C" fn(*mut PyObject, Arguments, Py_ssize_t, *mut PyObject) -> *mut PyObject;

/// A C function whose implementation can be replaced.
pub(super) struct Function {
    module: &'static CStr,
    name: &'static CStr,
    replacement: Implementation,
    /// Its entry in the table of its module, once found.
    entry: AtomicPtr<PyMethodDef>,
    original: AtomicPtr<()>,
}

#[derive(Clone, Copy)]
enum Implementation {
    Fast(Fast),
    FastWithKeywords(FastWithKeywords),
}

/// What such a function is called with. The names of arguments are null if none has one.
#[derive(Clone, Copy)]
pub(super) struct Call {
    pub module: *mut PyObject,
    pub arguments: Arguments,
    pub n: Py_ssize_t,
    pub names: *mut PyObject,
}

impl Call {
    /// All arguments: by position, then by name.
    pub unsafe fn arguments<'a>(self) -> &'a [*mut PyObject] {
        // SAFETY: there are as many as the caller said.
        unsafe {
            let n_named = match self.names.is_null() {
                true => 0,
                false => PyTuple_GET_SIZE(self.names),
            };
            std::slice::from_raw_parts(self.arguments, (self.n + n_named) as usize)
        }
    }
}

impl Implementation {
    fn flags(self) -> c_int {
        match self {
            Self::Fast(_) => METH_FASTCALL,
            Self::FastWithKeywords(_) => METH_FASTCALL | METH_KEYWORDS,
        }
    }

    fn address(self) -> *mut () {
        match self {
            Self::Fast(function) => function as *mut (),
            Self::FastWithKeywords(function) => function as *mut (),
        }
    }
}

/// A function and the implementation that takes its place.
macro_rules! functions {
    ($($name:ident = $module:literal $function:literal, $shape:ident, $act:path;)*) => {
        $(static $name: Function = {
            functions!(@$shape act, $name, $act);
            Function {
                module: $module,
                name: $function,
                replacement: Implementation::$shape(act),
                entry: AtomicPtr::new(ptr::null_mut()),
                original: AtomicPtr::new(ptr::null_mut()),
            }
        };)*
        static ALL: &[&Function] = &[$(&$name),*];
    };
    (@Fast $act:ident, $name:ident, $body:path) => {
        unsafe extern "C" fn $act(
            module: *mut PyObject,
            arguments: Arguments,
            n: Py_ssize_t,
        ) -> *mut PyObject {
            let names = ptr::null_mut();
            // SAFETY: called by CPython.
            unsafe { $body(&$name, Call { module, arguments, n, names }) }
        }
    };
    (@FastWithKeywords $act:ident, $name:ident, $body:path) => {
        unsafe extern "C" fn $act(
            module: *mut PyObject,
            arguments: Arguments,
            n: Py_ssize_t,
            names: *mut PyObject,
        ) -> *mut PyObject {
            // SAFETY: called by CPython.
            unsafe { $body(&$name, Call { module, arguments, n, names }) }
        }
    };
}

functions! {
    EXIT = c"posix" c"_exit", FastWithKeywords, exit;
    EXECV = c"posix" c"execv", Fast, execv;
    EXECVE = c"posix" c"execve", FastWithKeywords, execve;
    SPAWN = c"posix" c"posix_spawn", FastWithKeywords, spawn;
    SPAWNP = c"posix" c"posix_spawnp", FastWithKeywords, spawn;
    FORK_EXEC = c"_posixsubprocess" c"fork_exec", Fast, fork_exec;
    CLOSE = c"posix" c"close", FastWithKeywords, closing::close;
    CLOSE_RANGE = c"posix" c"closerange", Fast, closing::close_range;
}

/// Replaces the implementations, or puts the originals back. A function that is not as expected stays
/// as it is.
///
/// # Safety
/// The GIL must be held and no exception set.
pub unsafe fn watch(on: bool) {
    for function in ALL {
        // SAFETY: passed on.
        unsafe { function.replace(on) };
    }
}

impl Function {
    unsafe fn replace(&self, on: bool) {
        // SAFETY: the entry is in a table that lives as long as its module's code, which is never
        // unloaded; its flags say how the implementation is called.
        unsafe {
            if self.entry.load(Ordering::Relaxed).is_null() {
                let Some(entry) = find(self.module, self.name) else {
                    return;
                };
                if (*entry).ml_flags != self.replacement.flags() {
                    return;
                }
                let original = (&raw const (*entry).ml_meth).cast::<*mut ()>().read();
                self.original.store(original, Ordering::Relaxed);
                self.entry.store(entry, Ordering::Relaxed);
            }
            let wanted = match on {
                true => self.replacement.address(),
                false => self.original.load(Ordering::Relaxed),
            };
            let entry = self.entry.load(Ordering::Relaxed);
            (&raw mut (*entry).ml_meth).cast::<*mut ()>().write(wanted);
        }
    }

    /// Calls the original.
    pub unsafe fn call(&self, call: Call) -> *mut PyObject {
        let original = self.original.load(Ordering::Relaxed);
        // SAFETY: the original has the flags of its replacement.
        unsafe {
            match self.replacement {
                Implementation::Fast(_) => {
                    let original: Fast = std::mem::transmute(original);
                    original(call.module, call.arguments, call.n)
                }
                Implementation::FastWithKeywords(_) => {
                    let original: FastWithKeywords = std::mem::transmute(original);
                    original(call.module, call.arguments, call.n, call.names)
                }
            }
        }
    }

    /// Calls the original with an object in the place of one of the arguments; the reference is taken. Null
    /// stands for the argument as it was given.
    pub unsafe fn call_with(&self, call: Call, at: usize, object: *mut PyObject) -> *mut PyObject {
        // SAFETY: passed on; the copy lives until the call is over.
        unsafe {
            if object.is_null() {
                return self.call(call);
            }
            let mut arguments = call.arguments().to_vec();
            arguments[at] = object;
            let result = self.call(Call {
                arguments: arguments.as_ptr(),
                ..call
            });
            Py_DECREF(object);
            result
        }
    }
}

/// A function's entry in its module's table. A module that the program has not imported is looked at and
/// forgotten again.
unsafe fn find(module: &CStr, name: &CStr) -> Option<*mut PyMethodDef> {
    // SAFETY: plain use of the API with owned references.
    unsafe {
        let modules = PyImport_GetModuleDict();
        let was_known = !PyDict_GetItemString(modules, module.as_ptr()).is_null();
        let found = PyImport_ImportModule(module.as_ptr());
        if found.is_null() {
            PyErr_Clear();
            return None;
        }
        let function = PyDict_GetItemString(PyModule_GetDict(found), name.as_ptr());
        let is_c = !function.is_null() && PyCFunction_CheckExact(function) != 0;
        let entry = is_c.then(|| (*function.cast::<PyCFunctionObject>()).m_ml);
        if !was_known {
            PyDict_DelItemString(modules, module.as_ptr());
        }
        Py_DECREF(found);
        PyErr_Clear();
        entry.filter(|entry| CStr::from_ptr((**entry).ml_name) == name)
    }
}

unsafe fn exit(function: &Function, call: Call) -> *mut PyObject {
    // SAFETY: one argument, by position or by its only name.
    unsafe {
        if let &[status] = call.arguments()
            && let Some(recorder) = callbacks::recorder()
            && !recorder.family.on_exit.is_null()
            && PyLong_CheckExact(status) != 0
        {
            // It may end the recorder, which holds it.
            let on_exit = recorder.family.on_exit;
            Py_INCREF(on_exit);
            Py_XDECREF(PyObject_CallOneArg(on_exit, status));
            Py_DECREF(on_exit);
            // What fails here must not keep the process from ending.
            PyErr_Clear();
        }
        function.call(call)
    }
}

unsafe fn execv(function: &Function, call: Call) -> *mut PyObject {
    // SAFETY: passed on; the variable is taken back if this process goes on.
    unsafe {
        let Some(recorder) = callbacks::recorder().filter(|_| call.n > 0) else {
            return function.call(call);
        };
        let note = note_for_child(recorder);
        let _ended = leave(recorder, *call.arguments);
        if let Some((name, value)) = note.as_deref().map(split) {
            libc::setenv(name.as_ptr(), value.as_ptr(), 1);
        }
        let failed = function.call(call);
        if let Some((name, _)) = note.as_deref().map(split) {
            libc::unsetenv(name.as_ptr());
        }
        failed
    }
}

unsafe fn execve(function: &Function, call: Call) -> *mut PyObject {
    // SAFETY: passed on.
    unsafe {
        let Some(recorder) = callbacks::recorder().filter(|_| call.n > 0) else {
            return function.call(call);
        };
        let environment = environment_for(recorder, call);
        let _ended = leave(recorder, *call.arguments);
        function.call_with(call, ENVIRONMENT_OF_PROGRAM, environment)
    }
}

unsafe fn spawn(function: &Function, call: Call) -> *mut PyObject {
    // SAFETY: passed on.
    unsafe {
        let environment = match callbacks::recorder() {
            Some(recorder) => environment_for(recorder, call),
            None => ptr::null_mut(),
        };
        function.call_with(call, ENVIRONMENT_OF_PROGRAM, environment)
    }
}

/// The place of the environment, a mapping, among the arguments of `execve` and `posix_spawn`.
const ENVIRONMENT_OF_PROGRAM: usize = 2;

/// The environment of a program with the note in it (a new reference), or null if it is to stay as it is.
unsafe fn environment_for(recorder: &mut Recorder, call: Call) -> *mut PyObject {
    // SAFETY: an argument by position.
    unsafe {
        match note_for_child(recorder) {
            Some(note) if call.n as usize > ENVIRONMENT_OF_PROGRAM => {
                environment_with(*call.arguments.add(ENVIRONMENT_OF_PROGRAM), &note)
            }
            _ => ptr::null_mut(),
        }
    }
}

/// The environment as a dict with the note (a new reference); null if it is not one.
unsafe fn environment_with(environment: *mut PyObject, note: &CStr) -> *mut PyObject {
    // SAFETY: plain use of the API with owned references.
    unsafe {
        let copy = PyDict_New();
        let mut is_good = !copy.is_null();
        if environment == Py_None() {
            // From 3.13 on, the environment of the process.
            is_good &= selfcheck::version().is_some_and(|version| version >= Version::V3_13);
            for (name, value) in std::env::vars_os() {
                is_good &= put(copy, name.as_bytes(), value.as_bytes());
            }
        } else {
            is_good &= PyDict_Update(copy, environment) == 0;
        }
        let (name, value) = split(note);
        is_good = is_good && put(copy, name.to_bytes(), value.to_bytes());
        PyErr_Clear();
        if is_good {
            return copy;
        }
        Py_XDECREF(copy);
        ptr::null_mut()
    }
}

unsafe fn put(dict: *mut PyObject, name: &[u8], value: &[u8]) -> bool {
    // SAFETY: plain use of the API with owned references.
    unsafe {
        let (name, value) = (bytes(name), bytes(value));
        let is_put = !name.is_null() && !value.is_null() && PyDict_SetItem(dict, name, value) == 0;
        Py_XDECREF(name);
        Py_XDECREF(value);
        is_put
    }
}

/// The places of arguments of `fork_exec`.
const ENVIRONMENT: usize = 5;
const PREEXEC: usize = 21;

unsafe fn fork_exec(function: &Function, call: Call) -> *mut PyObject {
    // SAFETY: passed on.
    unsafe {
        let given = call.arguments();
        let environment = match callbacks::recorder() {
            Some(recorder) if given.len() > PREEXEC => {
                started_environment(recorder, given[ENVIRONMENT], given[PREEXEC])
            }
            _ => ptr::null_mut(),
        };
        function.call_with(call, ENVIRONMENT, environment)
    }
}

/// The environment of a child as a list with the note (a new reference), or null if it is to stay as it is.
unsafe fn started_environment(
    recorder: &mut Recorder,
    given: *mut PyObject,
    preexec: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: plain use of the API with owned references.
    unsafe {
        let inherits = given == Py_None();
        if inherits && preexec != Py_None() {
            // That function may change the environment which the child is to have.
            return ptr::null_mut();
        }
        let exact = !inherits && (PyList_CheckExact(given) != 0 || PyTuple_CheckExact(given) != 0);
        if !(inherits || exact) {
            return ptr::null_mut();
        }
        let Some(note) = note_for_child(recorder) else {
            return ptr::null_mut();
        };
        let list = if inherits {
            inherited_environment()
        } else {
            PySequence_List(given)
        };
        let note = bytes(note.to_bytes());
        if !list.is_null() && !note.is_null() && PyList_Append(list, note) != 0 {
            PyErr_Clear();
        }
        Py_XDECREF(note);
        PyErr_Clear();
        list
    }
}

/// The environment of the process as a list of bytes.
unsafe fn inherited_environment() -> *mut PyObject {
    // SAFETY: plain use of the API with owned references.
    unsafe {
        let list = PyList_New(0);
        for (name, value) in std::env::vars_os() {
            let entry = bytes(&[name.as_bytes(), b"=", value.as_bytes()].concat());
            if list.is_null() || entry.is_null() || PyList_Append(list, entry) != 0 {
                PyErr_Clear();
            }
            Py_XDECREF(entry);
        }
        list
    }
}

/// `NAME=VALUE` for a process that is about to be started.
unsafe fn note_for_child(recorder: &mut Recorder) -> Option<CString> {
    if !recorder.is_in_session() {
        return None;
    }
    let note = recorder.family.note.clone()?;
    recorder.heap.sink.commit();
    // SAFETY: passed on.
    let Origin { session, call } = unsafe { here(recorder) }?;
    let call = call.map_or(String::new(), |call| call.0.to_string());
    CString::new(format!("{VARIABLE}={}:{call}:{note}", session.0)).ok()
}

/// Name and value of a note.
fn split(note: &CStr) -> (&CStr, &CStr) {
    static NAME: &CStr = c"SPACETIME_CHILD";
    let value = &note.to_bytes_with_nul()[VARIABLE.len() + 1..];
    (NAME, CStr::from_bytes_with_nul(value).unwrap_or_default())
}

unsafe fn bytes(text: &[u8]) -> *mut PyObject {
    // SAFETY: as many bytes as there are.
    unsafe { PyBytes_FromStringAndSize(text.as_ptr().cast(), text.len() as Py_ssize_t) }
}

/// The process may be about to become another program. It did not if what this gives is dropped.
unsafe fn leave(recorder: &mut Recorder, path: *mut PyObject) -> Option<EndedAhead> {
    if !recorder.is_in_session() {
        return None;
    }
    recorder.heap.sink.commit();
    // SAFETY: a str or bytes is read.
    let message = unsafe {
        match crate::heap::names::text_of(path) {
            Some(text) => Some(text),
            None if PyBytes_CheckExact(path) != 0 => {
                let path = CStr::from_ptr(PyBytes_AsString(path));
                Some(
                    OsStr::from_bytes(path.to_bytes())
                        .to_string_lossy()
                        .into_owned(),
                )
            }
            None => None,
        }
    };
    let kind = ExitKind::Replaced;
    // A failure is kept and told when the recording is closed.
    let recording = recorder.recording.as_ref()?;
    recording.end_ahead(EndInfo { kind, message }).ok()
}
