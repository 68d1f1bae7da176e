//! Proves the layouts of [`crate::layout`] against the running interpreter.
//!
//! Two probe programs, run once, call back with objects of every kind that is read directly and with
//! their own locals; each is compared with what the interpreter's own API says. Where frames differ,
//! the portable tier reads them; where objects differ, nothing can be recorded.

use crate::atoms;
use crate::effects;
use crate::frames::{LiveFrame, Tier};
use crate::layout::{self, Attributes, DataStack, SharedKeys};
use crate::stack_mark::StackMark;
use pyo3_ffi::*;
use std::ffi::{CStr, c_char};
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

static PROVED: AtomicBool = AtomicBool::new(false);
static OUTCOME: Mutex<Option<Layouts>> = Mutex::new(None);
static MISMATCH: Mutex<Option<String>> = Mutex::new(None);

/// What was found out: whether layouts are as expected, or what is not.
#[derive(Clone)]
pub struct Layouts {
    /// Of objects, in both tiers.
    pub objects: Result<(), String>,
    /// Of frames and code objects, in the fast tier.
    pub frames: Result<(), String>,
}

/// Whether frames and code objects may be read directly.
#[inline]
pub fn layout_is_proved() -> bool {
    PROVED.load(Ordering::Relaxed)
}

/// The version of the running interpreter's bytecode, if it is understood.
pub fn version() -> Option<spacetime_bytecode::Version> {
    // SAFETY: a constant of the interpreter.
    let hex = unsafe { Py_Version };
    spacetime_bytecode::Version::from_numbers((hex >> 24) as u32, (hex >> 16 & 0xFF) as u32)
}

const OBJECTS: &CStr = c"
class Plain:
    def __init__(self):
        self.a, self.b, self.c = 1, 'two', [3]
    def __call__(self):
        return None
class Slotted:
    __slots__ = ('x', 'y')
class Both(Slotted):
    pass
learn_class(Plain)
for value in (0, 1, -1, 2**29, 2**30 - 1, 2**30, -2**30, 2**59, -(2**60 - 1), 2**60, -2**200):
    check_int(value, value.to_bytes((value.bit_length() + 8) // 8, 'little', signed=True))
check_floats([0.0, -1.5, 1e300], [0.0, -1.5, 1e300])
for items in ([], [1], [1, 'a', None] * 40):
    check_items(items, tuple(items))
for elements in (set(), {1}, {'a', 2, (3,)}, set(range(100))):
    check_set(elements, tuple(elements))
for text in ('', 'ascii', 'caf\\xe9', '\\u20ac', '\\U0001f600'):
    check_text(text, text.encode())
check_instance(Plain(), (('a', 1), ('b', 'two')))
grown = Plain()
for n in range(40):
    setattr(grown, f'n{n}', n)
check_instance(grown, (('a', 1), ('n0', 0), ('n39', 39)))
shrunk = Plain()
del shrunk.a
shrunk.z = 9
check_instance(shrunk, (('b', 'two'), ('z', 9)))
seen = Plain()
vars(seen)['q'] = 4
seen.r = 5
check_instance(seen, (('a', 1), ('q', 4), ('r', 5)))
both = Both()
both.x, both.extra = 1, 2
check_instance(both, (('extra', 2),))
check_range(range(3, 300, 4))
";

const FRAMES: &CStr = c"
def plain(a, b, /, c=(1, 2), *args, d=None, **kwargs):
    note_stack()
    check_stack(True)
    closed()
    check_stack(False)
    note_stack()
    check_stack(True)
    e, f, g, h, i = object(), [a], {b}, {c: d}, 2.5
    unbound = 1
    del unbound
    def inner():
        return a, i
    check_frame(plain.__code__, locals())
    return inner
def closed():
    v = 1
    w = [v]
    def inner(x):
        y = x
        check_frame(inner.__code__, locals())
        return v, w
    return inner
def generated(n):
    for i in range(n):
        check_frame(generated.__code__, locals())
        yield i
def deep(n):
    here = [n]
    check_frame(deep.__code__, locals())
    if n:
        deep(n - 1)
    check_frame(deep.__code__, locals())
class Made:
    def __init__(self):
        check_frame(Made.__init__.__code__, locals())
plain(1, 'b', 3, 4, 5, d=6, k=7)
for _ in range(20):
    Made()
closed()(8)
list(generated(2))
deep(3)
";

/// Runs the probes once.
///
/// # Safety
/// The GIL must be held and no exception set.
pub unsafe fn run() -> Layouts {
    let mut outcome = match OUTCOME.lock() {
        Ok(outcome) => outcome,
        Err(poisoned) => poisoned.into_inner(),
    };
    if let Some(known) = &*outcome {
        return known.clone();
    }
    // SAFETY: passed on.
    let (objects, is_known) = unsafe { (probe(OBJECTS), supported()) };
    let frames = objects.clone().and(is_known);
    // SAFETY: passed on.
    let frames = frames.and_then(|()| unsafe { probe(FRAMES) });
    PROVED.store(frames.is_ok(), Ordering::Relaxed);
    outcome.insert(Layouts { objects, frames }).clone()
}

/// Whether instances of `collections.deque` are laid out as expected. Found out when the first is met: a
/// program without any does not load the module.
///
/// # Safety
/// `type_` must be that type, with the GIL held and no exception set.
pub unsafe fn knows_deques(type_: *mut PyTypeObject) -> bool {
    static ANSWER: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    // SAFETY: plain use of the API with owned references; what is called is C code of the type.
    *ANSWER.get_or_init(|| unsafe {
        let deque = PyObject_CallNoArgs(type_.cast());
        let mut is_known = !deque.is_null();
        for step in 0..400 {
            let name = if step % 3 == 0 {
                c"appendleft"
            } else {
                c"append"
            };
            let item = PyLong_FromLong(step);
            let done = PyObject_CallMethod(deque, name.as_ptr(), c"O".as_ptr(), item);
            Py_DECREF(item);
            if done.is_null() {
                PyErr_Clear();
                is_known = false;
                break;
            }
            Py_DECREF(done);
        }
        if is_known {
            let items = PySequence_List(deque);
            is_known = !items.is_null() && layout::list_items(items) == layout::deque_items(deque);
            Py_XDECREF(items);
        }
        Py_XDECREF(deque);
        PyErr_Clear();
        is_known
    })
}

/// Whether instances of `_random.Random` are laid out as expected. Found out when the first is met.
///
/// # Safety
/// As for [`knows_deques`].
pub unsafe fn knows_random(type_: *mut PyTypeObject) -> bool {
    static ANSWER: std::sync::OnceLock<bool> = std::sync::OnceLock::new();
    // SAFETY: plain use of the API with owned references; what is called is C code of the type.
    *ANSWER.get_or_init(|| unsafe {
        let seed = PyLong_FromLong(20_260_301);
        let random = PyObject_CallOneArg(type_.cast(), seed);
        Py_DECREF(seed);
        let mut is_known = !random.is_null() && (*type_).tp_basicsize >= 20 + 4 * 624;
        for _ in 0..3 {
            if is_known {
                let state = PyObject_CallMethod(random, c"getstate".as_ptr(), ptr::null());
                is_known = !state.is_null() && {
                    let words = layout::tuple_items(state).iter();
                    let mut words: Vec<u32> = words
                        .map(|&word| layout::small_int(word).unwrap_or(-1) as u32)
                        .collect();
                    let position = words.pop();
                    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
                    position == Some(layout::random_position(random) as u32)
                        && bytes == layout::random_state(random)
                };
                Py_XDECREF(state);
                let drawn = PyObject_CallMethod(random, c"random".as_ptr(), ptr::null());
                Py_XDECREF(drawn);
            }
        }
        Py_XDECREF(random);
        PyErr_Clear();
        is_known
    })
}

/// Versions whose layouts were read, built as these are.
unsafe fn supported() -> Result<(), String> {
    if version().is_none() {
        // SAFETY: a C string.
        let version = unsafe { CStr::from_ptr(Py_GetVersion()) }.to_string_lossy();
        return Err(format!("the layout of Python {version} is not known"));
    }
    // SAFETY: `sys.flags` is not needed: a debug build has `sys.gettotalrefcount`.
    if !unsafe { PySys_GetObject(c"gettotalrefcount".as_ptr()) }.is_null() {
        return Err("this is a debug build of Python".into());
    }
    Ok(())
}

unsafe fn probe(program: &CStr) -> Result<(), String> {
    // SAFETY: plain use of the API with owned references.
    unsafe {
        if let Ok(mut mismatch) = MISMATCH.lock() {
            *mismatch = None;
        }
        let globals = PyDict_New();
        PyDict_SetItemString(globals, c"__builtins__".as_ptr(), PyEval_GetBuiltins());
        PyDict_SetItemString(globals, c"__name__".as_ptr(), {
            let name = PyUnicode_FromString(c"_spacetime_probe".as_ptr());
            PyDict_SetItemString(globals, c"_name".as_ptr(), name);
            Py_DECREF(name);
            PyDict_GetItemString(globals, c"_name".as_ptr())
        });
        for (name, check) in CHECKS {
            let definition = Box::leak(Box::new(PyMethodDef {
                ml_name: name.as_ptr() as *const c_char,
                ml_meth: PyMethodDefPointer {
                    PyCFunction: *check,
                },
                ml_flags: METH_VARARGS,
                ml_doc: ptr::null(),
            }));
            let function = PyCFunction_NewEx(definition, ptr::null_mut(), ptr::null_mut());
            PyDict_SetItemString(globals, name.as_ptr(), function);
            Py_DECREF(function);
        }
        let result = PyRun_String(program.as_ptr(), Py_file_input, globals, globals);
        let failed = result.is_null();
        let mut reason = String::from("the probe failed");
        if failed {
            let exception = PyErr_GetRaisedException();
            let text = PyObject_Str(exception);
            if let Some(text) = crate::heap::names::text_of(text) {
                reason = format!("the probe failed: {text}");
            }
            Py_XDECREF(text);
            Py_XDECREF(exception);
            PyErr_Clear();
        }
        Py_XDECREF(result);
        Py_DECREF(globals);
        let mismatch = MISMATCH.lock().ok().and_then(|mismatch| mismatch.clone());
        match mismatch {
            Some(what) => Err(format!("{what} is not laid out as expected")),
            None if failed => Err(reason),
            None => Ok(()),
        }
    }
}

type Check = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;

const CHECKS: &[(&CStr, Check)] = &[
    (c"learn_class", learn_class),
    (c"check_frame", check_frame),
    (c"note_stack", note_stack),
    (c"check_stack", check_stack),
    (c"check_int", check_int),
    (c"check_floats", check_floats),
    (c"check_items", check_items),
    (c"check_set", check_set),
    (c"check_text", check_text),
    (c"check_instance", check_instance),
    (c"check_range", check_range),
];

/// Notes a mismatch.
fn expect(holds: bool, what: &str) {
    if !holds && let Ok(mut mismatch) = MISMATCH.lock() {
        mismatch.get_or_insert_with(|| what.into());
    }
}

unsafe fn argument(arguments: *mut PyObject, at: isize) -> *mut PyObject {
    // SAFETY: the probe passes that many.
    unsafe { PyTuple_GetItem(arguments, at) }
}

unsafe fn none() -> *mut PyObject {
    // SAFETY: None.
    unsafe {
        let none = Py_None();
        Py_INCREF(none);
        none
    }
}

unsafe extern "C" fn learn_class(_: *mut PyObject, arguments: *mut PyObject) -> *mut PyObject {
    // SAFETY: the probe passes a class.
    unsafe {
        effects::learn_python_class(argument(arguments, 0).cast());
        none()
    }
}

/// `check_frame(code, locals())`, called by the frame itself.
unsafe extern "C" fn check_frame(_: *mut PyObject, arguments: *mut PyObject) -> *mut PyObject {
    // SAFETY: reads the running frame as the recorder would; each step is checked before the next.
    unsafe {
        let (code, locals) = (argument(arguments, 0), argument(arguments, 1));
        let tstate = PyThreadState_Get();
        let frame_object = PyThreadState_GetFrame(tstate);
        let raw = layout::current_frame(tstate);
        let live = LiveFrame::current(Tier::Fast, tstate);
        expect(layout::frame_code(raw) == code, "the code of a frame");
        if layout::frame_code(raw) != code {
            Py_XDECREF(frame_object.cast());
            return none();
        }
        let globals = PyFrame_GetGlobals(frame_object);
        expect(
            live.globals(Tier::Fast) == globals,
            "the globals of a frame",
        );
        Py_XDECREF(globals);
        let back = PyFrame_GetBack(frame_object);
        if !back.is_null() {
            let caller = live.caller(Tier::Fast);
            let back_code = PyFrame_GetCode(back);
            expect(
                caller != LiveFrame::NONE && caller.code(Tier::Fast) == back_code.cast(),
                "the caller of a frame",
            );
            Py_DECREF(back_code.cast());
        }
        Py_XDECREF(back.cast());
        Py_XDECREF(frame_object.cast());

        let start = layout::code_instructions(code) as usize;
        let now = layout::frame_instruction(raw) as usize;
        let bytecode = PyObject_GetAttrString(code, c"co_code".as_ptr());
        let size = PyBytes_Size(bytecode) as usize;
        expect(
            now >= start && now < start + size,
            "the instruction of a frame",
        );
        Py_DECREF(bytecode);

        let (names, kinds) = layout::code_slot_names(code);
        let is_known = !names.is_null()
            && Py_TYPE(names) == &raw mut PyTuple_Type
            && Py_TYPE(kinds) == &raw mut PyBytes_Type;
        expect(is_known, "the names of slots");
        if !is_known {
            return none();
        }
        let (names, kinds) = (layout::tuple_items(names), atoms::bytes_of(kinds));
        expect(
            names.len() == layout::code_n_slots(code),
            "the number of slots",
        );
        expect(
            layout::code_flags(code) & 3 == 3,
            "the flags of a code object",
        );
        for (slot, (&name, &kind)) in names.iter().zip(kinds).enumerate() {
            let mut value = layout::frame_slots(raw).add(slot).read();
            if kind & 0xC0 != 0 && !value.is_null() && Py_TYPE(value) == &raw mut PyCell_Type {
                value = PyCell_Get(value);
                Py_XDECREF(value);
            }
            expect(
                value == PyDict_GetItem(locals, name),
                "the slots of a frame",
            );
        }
        none()
    }
}

/// What a thread's data stack is marked with.
static STACK_MARK: Mutex<StackMark> = Mutex::new(StackMark::NONE);

unsafe extern "C" fn note_stack(_: *mut PyObject, _: *mut PyObject) -> *mut PyObject {
    // SAFETY: the probe runs a frame, whose end is compared with that of the stack before it is trusted.
    unsafe {
        let tstate = PyThreadState_Get();
        let frame = layout::current_frame(tstate);
        let size = layout::code_frame_size(layout::frame_code(frame));
        let is_known = DataStack::of(tstate).end == frame.cast::<usize>().add(size);
        expect(
            is_known && layout::is_on_data_stack(frame),
            "the stack of frames",
        );
        if is_known && let Ok(mut mark) = STACK_MARK.lock() {
            mark.set(tstate);
        }
        none()
    }
}

/// `check_stack(is_untouched)`.
unsafe extern "C" fn check_stack(_: *mut PyObject, arguments: *mut PyObject) -> *mut PyObject {
    // SAFETY: passed on.
    unsafe {
        let is_untouched = PyObject_IsTrue(argument(arguments, 0)) == 1;
        let tstate = PyThreadState_Get();
        if let Ok(mark) = STACK_MARK.lock()
            && mark.is_set()
        {
            expect(mark.is_untouched(tstate) == is_untouched, "a frame's place");
        }
        none()
    }
}

unsafe extern "C" fn check_int(_: *mut PyObject, arguments: *mut PyObject) -> *mut PyObject {
    // SAFETY: `check_int(int, bytes)`.
    unsafe {
        let (int, bytes) = (argument(arguments, 0), argument(arguments, 1));
        let mut overflow = 0;
        let value = PyLong_AsLongLongAndOverflow(int, &mut overflow);
        if let Some(small) = layout::small_int(int) {
            expect(overflow == 0 && small == value, "an int");
        }
        let mut encoded = Vec::new();
        atoms::put_leaf(&mut encoded, int);
        if layout::small_int(int).is_none() {
            expect(encoded.ends_with(atoms::bytes_of(bytes)), "a large int");
        }
        none()
    }
}

unsafe extern "C" fn check_floats(_: *mut PyObject, arguments: *mut PyObject) -> *mut PyObject {
    // SAFETY: two lists of floats.
    unsafe {
        for &item in layout::list_items(argument(arguments, 0)) {
            expect(
                layout::float_value(item).to_bits() == PyFloat_AsDouble(item).to_bits(),
                "a float",
            );
        }
        none()
    }
}

unsafe extern "C" fn check_items(_: *mut PyObject, arguments: *mut PyObject) -> *mut PyObject {
    // SAFETY: `check_items(list, tuple)`.
    unsafe {
        let (list, tuple) = (argument(arguments, 0), argument(arguments, 1));
        let expected: Vec<_> = (0..PyTuple_Size(tuple))
            .map(|at| PyTuple_GetItem(tuple, at))
            .collect();
        expect(layout::list_items(list) == &expected[..], "a list");
        expect(layout::tuple_items(tuple) == &expected[..], "a tuple");
        none()
    }
}

unsafe extern "C" fn check_set(_: *mut PyObject, arguments: *mut PyObject) -> *mut PyObject {
    // SAFETY: `check_set(set, tuple)`.
    unsafe {
        let (set, tuple) = (argument(arguments, 0), argument(arguments, 1));
        let table = layout::set_table(set).iter();
        let elements: Vec<_> = table
            .filter(|e| !e.key.is_null() && e.hash != -1)
            .map(|e| e.key)
            .collect();
        expect(elements == layout::tuple_items(tuple), "a set");
        none()
    }
}

unsafe extern "C" fn check_text(_: *mut PyObject, arguments: *mut PyObject) -> *mut PyObject {
    // SAFETY: `check_text(str, bytes)`.
    unsafe {
        let (text, bytes) = (argument(arguments, 0), argument(arguments, 1));
        expect(atoms::utf8_of(text) == atoms::bytes_of(bytes), "a str");
        none()
    }
}

/// `check_instance(object, ((name, value), ..))`.
unsafe extern "C" fn check_instance(_: *mut PyObject, arguments: *mut PyObject) -> *mut PyObject {
    // SAFETY: the probe passes instances with a managed dict.
    unsafe {
        let (object, expected) = (argument(arguments, 0), argument(arguments, 1));
        for &pair in layout::tuple_items(expected) {
            let (name, value) = (PyTuple_GetItem(pair, 0), PyTuple_GetItem(pair, 1));
            let found = match layout::managed_attributes(object) {
                Attributes::Dict(dict) if dict.is_null() => ptr::null_mut(),
                Attributes::Dict(dict) => PyDict_GetItem(dict, name),
                Attributes::Values(values) => match SharedKeys::of(Py_TYPE(object)) {
                    None => ptr::null_mut(),
                    Some(keys) => (0..keys.n_names().min(64))
                        .find(|&at| {
                            let key = keys.name(at);
                            key == name || PyUnicode_Compare(key, name) == 0
                        })
                        .map_or(ptr::null_mut(), |at| values.add(at).read()),
                },
            };
            let same = !found.is_null() && PyObject_RichCompareBool(found, value, Py_EQ) == 1;
            expect(same, "the attributes of an instance");
        }
        none()
    }
}

unsafe extern "C" fn check_range(_: *mut PyObject, arguments: *mut PyObject) -> *mut PyObject {
    // SAFETY: `check_range(range(3, 300, 4))`.
    unsafe {
        let mut encoded = Vec::new();
        atoms::put_leaf(&mut encoded, argument(arguments, 0));
        let mut expected = vec![spacetime_store::stream::value::RANGE];
        for part in [3, 300, 4] {
            let mut part = spacetime_store::stream::zigzag(part);
            while part >= 0x80 {
                expected.push(part as u8 | 0x80);
                part >>= 7;
            }
            expected.push(part as u8);
        }
        expect(encoded == expected, "a range");
        none()
    }
}
