//! Where CPython 3.12 and 3.13 keep what the recorder reads: frames, code objects, and the insides
//! of builtin containers and instances.
//!
//! Every offset was read from the headers of 3.12 and 3.13 (`pycore_frame.h`, `pycore_dict.h`,
//! `pycore_code.h`); the two agree wherever a single constant is given. [`crate::selfcheck`] proves
//! them against the running interpreter before the fast tier trusts them. Nothing here allocates,
//! takes a reference, or runs Python code.

use pyo3_ffi::*;
use std::ffi::c_char;
use std::ptr;

/// An interpreter frame (`_PyInterpreterFrame`), opaque but for the offsets below.
pub type RawFrame = *mut c_char;

const FRAME_CODE: usize = 0;
const FRAME_PREVIOUS: usize = 8;
const FRAME_GLOBALS: usize = 24;
const FRAME_LOCALS: usize = 40;
const FRAME_INSTRUCTION: usize = 56;
const FRAME_OWNER: usize = 70;
const FRAME_LOCALSPLUS: usize = 72;
/// `FRAME_OWNED_BY_THREAD`: it lies on the thread's data stack.
const OWNED_BY_THREAD: u8 = 0;
/// `FRAME_OWNED_BY_GENERATOR`.
const OWNED_BY_GENERATOR: u8 = 1;
/// `FRAME_OWNED_BY_CSTACK`: the entry frame of a C call to the eval loop.
const OWNED_BY_C_STACK: u8 = 3;

const CODE_FLAGS: usize = 48;
const CODE_N_LOCALSPLUS: usize = 72;
const CODE_FRAME_SIZE: usize = 76;
const CODE_LOCALSPLUS_NAMES: usize = 96;
const CODE_LOCALSPLUS_KINDS: usize = 104;
#[cfg(not(Py_3_13))]
const CODE_FIRST_TRACEABLE: usize = 176;
#[cfg(Py_3_13)]
const CODE_FIRST_TRACEABLE: usize = 184;
#[cfg(not(Py_3_13))]
const CODE_ADAPTIVE: usize = 192;
#[cfg(Py_3_13)]
const CODE_ADAPTIVE: usize = 200;

/// Reads a field of the given type at a byte offset.
///
/// # Safety
/// `base` must point to a live structure that has a field of type `T` at `offset`.
#[inline(always)]
pub unsafe fn field<T: Copy>(base: *const c_char, offset: usize) -> T {
    // SAFETY: the caller vouches for the structure; fields of CPython structures are aligned.
    unsafe { base.add(offset).cast::<T>().read() }
}

/// The frame the thread executes now.
///
/// # Safety
/// `tstate` must be the current thread state, with the GIL held.
#[inline(always)]
pub unsafe fn current_frame(tstate: *mut PyThreadState) -> RawFrame {
    #[cfg(not(Py_3_13))]
    {
        // SAFETY: 3.12 `PyThreadState.cframe` (offset 56) points to a `_PyCFrame` whose first field
        // is `current_frame`.
        let cframe: *const c_char = unsafe { field(tstate.cast(), 56) };
        // SAFETY: as above.
        unsafe { field(cframe, 0) }
    }
    #[cfg(Py_3_13)]
    {
        // SAFETY: 3.13 `PyThreadState.current_frame` is at offset 72.
        unsafe { field(tstate.cast(), 72) }
    }
}

/// The end of the stack on which a thread's frames lie.
pub struct DataStack {
    /// Where the next frame will be.
    pub end: *mut usize,
    /// The end of the chunk of memory.
    pub limit: *mut usize,
}

impl DataStack {
    /// That of the current thread.
    ///
    /// # Safety
    /// `tstate` must be the current thread state, with the GIL held.
    #[inline(always)]
    pub unsafe fn of(tstate: *mut PyThreadState) -> DataStack {
        // SAFETY: `datastack_top` and `datastack_limit` of `PyThreadState` in 3.12 and 3.13.
        unsafe {
            DataStack {
                end: field(tstate.cast(), 240),
                limit: field(tstate.cast(), 248),
            }
        }
    }

    /// Words between the two; both are null before the first frame.
    #[inline(always)]
    pub fn n_free(&self) -> usize {
        (self.limit as usize).saturating_sub(self.end as usize) / size_of::<usize>()
    }
}

/// Whether another thread state exists in this interpreter.
///
/// # Safety
/// `tstate` must be the current thread state, with the GIL held.
#[inline(always)]
pub unsafe fn other_threads_exist(tstate: *mut PyThreadState) -> bool {
    // SAFETY: `prev` and `next` are the first two fields of `PyThreadState` in 3.12 and 3.13.
    let (previous, next): (*mut c_char, *mut c_char) =
        unsafe { (field(tstate.cast(), 0), field(tstate.cast(), 8)) };
    !previous.is_null() || !next.is_null()
}

/// `PyInterpreterState.ceval.gil`.
#[cfg(not(Py_3_13))]
const INTERPRETER_GIL: usize = 384;
#[cfg(Py_3_13)]
const INTERPRETER_GIL: usize = 16;
/// An interpreter's own GIL is a part of it (`_gil`), within this many bytes of its beginning.
const INTERPRETER_GIL_WITHIN: usize = 16 << 10;
const GIL_LAST_HOLDER: usize = 8;
const GIL_LOCKED: usize = 16;
const GIL_SWITCH_NUMBER: usize = 24;

/// The GIL of an interpreter, which counts how often it passed from one thread to another.
#[derive(Clone, Copy)]
pub struct Gil(*const c_char);

impl Gil {
    /// The GIL of the current interpreter; none if it is not found where it is expected.
    ///
    /// # Safety
    /// `tstate` must be the current thread state, with the GIL held.
    pub unsafe fn of_current(tstate: *mut PyThreadState) -> Option<Gil> {
        // SAFETY: an interpreter is larger than that in 3.12 and 3.13; what lies in it may be read.
        unsafe {
            let interpreter: *const c_char = PyThreadState_GetInterpreter(tstate).cast();
            let gil: *const c_char = field(interpreter, INTERPRETER_GIL);
            let offset = (gil as usize).wrapping_sub(interpreter as usize);
            if offset >= INTERPRETER_GIL_WITHIN || !offset.is_multiple_of(align_of::<usize>()) {
                return None;
            }
            let last_holder: *mut PyThreadState = field(gil, GIL_LAST_HOLDER);
            let locked: std::ffi::c_int = field(gil, GIL_LOCKED);
            (last_holder == tstate && locked == 1).then_some(Gil(gil))
        }
    }

    /// How often it passed to another thread.
    ///
    /// # Safety
    /// The GIL must be held.
    #[inline(always)]
    pub unsafe fn n_switches(self) -> std::ffi::c_ulong {
        // SAFETY: the interpreter lives as long as code runs in it.
        unsafe { field(self.0, GIL_SWITCH_NUMBER) }
    }
}

/// The code object a frame executes (borrowed).
///
/// # Safety
/// `frame` must be a live frame.
#[inline(always)]
pub unsafe fn frame_code(frame: RawFrame) -> *mut PyObject {
    // SAFETY: `f_code` (3.12), `f_executable` (3.13).
    unsafe { field(frame, FRAME_CODE) }
}

/// The calling Python frame, skipping the interpreter's own: the entry frames of C calls, and those that
/// look at what `__init__` returned. Null at the bottom.
///
/// # Safety
/// `frame` must be a live frame.
pub unsafe fn caller_frame(frame: RawFrame) -> RawFrame {
    // SAFETY: `previous` links live frames of one thread.
    unsafe {
        let mut caller: RawFrame = field(frame, FRAME_PREVIOUS);
        while !caller.is_null() && is_own_frame(caller) {
            caller = field(caller, FRAME_PREVIOUS);
        }
        caller
    }
}

/// Whether a frame is none of a Python function (`_PyFrame_IsIncomplete`).
unsafe fn is_own_frame(frame: RawFrame) -> bool {
    // SAFETY: `owner` is a byte of every frame; all but entry frames have a code object.
    unsafe {
        match field::<u8>(frame, FRAME_OWNER) {
            OWNED_BY_C_STACK => true,
            OWNED_BY_GENERATOR => false,
            _ => {
                let code = frame_code(frame);
                let first: i32 = field(code.cast(), CODE_FIRST_TRACEABLE);
                frame_instruction(frame) < code_instructions(code).add(2 * first as usize)
            }
        }
    }
}

/// Whether C code called the frame, not an instruction of the calling frame itself.
///
/// # Safety
/// `frame` must be a live frame.
pub unsafe fn is_called_from_c(frame: RawFrame) -> bool {
    // SAFETY: as for `caller_frame`.
    unsafe {
        let caller: RawFrame = field(frame, FRAME_PREVIOUS);
        !caller.is_null() && field::<u8>(caller, FRAME_OWNER) == OWNED_BY_C_STACK
    }
}

/// Whether the frame lies on the thread's data stack, as all do but those of generators.
///
/// # Safety
/// `frame` must be a live frame.
#[inline]
pub unsafe fn is_on_data_stack(frame: RawFrame) -> bool {
    // SAFETY: `owner` is a byte of every frame.
    unsafe { field::<u8>(frame, FRAME_OWNER) == OWNED_BY_THREAD }
}

/// The frame's globals (borrowed).
///
/// # Safety
/// `frame` must be a live frame.
#[inline]
pub unsafe fn frame_globals(frame: RawFrame) -> *mut PyObject {
    // SAFETY: `f_globals` of both versions.
    unsafe { field(frame, FRAME_GLOBALS) }
}

/// The frame's locals mapping of module and class bodies, or null (borrowed).
///
/// # Safety
/// `frame` must be a live frame.
#[inline]
pub unsafe fn frame_locals(frame: RawFrame) -> *mut PyObject {
    // SAFETY: `f_locals` of both versions.
    unsafe { field(frame, FRAME_LOCALS) }
}

/// The address of the instruction the frame executes, as `prev_instr` (3.12) or `instr_ptr` (3.13).
///
/// # Safety
/// `frame` must be a live frame.
pub unsafe fn frame_instruction(frame: RawFrame) -> *const c_char {
    // SAFETY: the field is at the same place in both versions.
    unsafe { field(frame, FRAME_INSTRUCTION) }
}

/// The frame's slots: locals, cells and free variables, then the value stack.
///
/// # Safety
/// `frame` must be a live frame.
#[inline(always)]
pub unsafe fn frame_slots(frame: RawFrame) -> *const *mut PyObject {
    // SAFETY: `localsplus` is the trailing array of the frame.
    unsafe { frame.add(FRAME_LOCALSPLUS).cast() }
}

/// Getter, setter and deleter of a property, each null or borrowed.
///
/// # Safety
/// `property` must be a live exact property.
pub unsafe fn property_accessors(property: *mut PyObject) -> [*mut PyObject; 3] {
    // SAFETY: `propertyobject` begins with them.
    unsafe { [16, 24, 32].map(|offset| field(property.cast(), offset)) }
}

/// `co_flags`.
///
/// # Safety
/// `code` must be a code object.
#[inline]
pub unsafe fn code_flags(code: *mut PyObject) -> i32 {
    // SAFETY: `co_flags` of both versions.
    unsafe { field(code.cast(), CODE_FLAGS) }
}

/// Words that a frame of the code takes.
///
/// # Safety
/// `code` must be a code object.
#[inline]
pub unsafe fn code_frame_size(code: *mut PyObject) -> usize {
    // SAFETY: `co_framesize` of both versions.
    unsafe { field::<i32>(code.cast(), CODE_FRAME_SIZE) as usize }
}

/// Number of slots before the value stack.
///
/// # Safety
/// `code` must be a code object.
#[inline(always)]
pub unsafe fn code_n_slots(code: *mut PyObject) -> usize {
    // SAFETY: `co_nlocalsplus` of both versions.
    unsafe { field::<i32>(code.cast(), CODE_N_LOCALSPLUS) as usize }
}

/// Names (tuple of str) and kinds (bytes) of the slots (borrowed).
///
/// # Safety
/// `code` must be a code object.
pub unsafe fn code_slot_names(code: *mut PyObject) -> (*mut PyObject, *mut PyObject) {
    // SAFETY: `co_localsplusnames` and `co_localspluskinds` of both versions.
    unsafe {
        (
            field(code.cast(), CODE_LOCALSPLUS_NAMES),
            field(code.cast(), CODE_LOCALSPLUS_KINDS),
        )
    }
}

/// The address of the first instruction.
///
/// # Safety
/// `code` must be a code object.
pub unsafe fn code_instructions(code: *mut PyObject) -> *const c_char {
    // SAFETY: `co_code_adaptive` is the trailing array of the code object.
    unsafe { code.cast::<c_char>().add(CODE_ADAPTIVE) }
}

/// The integer as `i64`, if it has at most two 30-bit digits.
///
/// # Safety
/// `int` must be an exact int.
#[inline(always)]
pub unsafe fn small_int(int: *mut PyObject) -> Option<i64> {
    // SAFETY: `_PyLongValue.lv_tag` (offset 16): sign in the low two bits, number of digits from
    // bit 3; digits of 30 bits follow at 24.
    let tag: usize = unsafe { field(int.cast(), 16) };
    let sign = 1 - (tag & 3) as i64;
    match tag >> 3 {
        // SAFETY: one digit is always allocated.
        0 | 1 => Some(sign * i64::from(unsafe { field::<u32>(int.cast(), 24) })),
        2 => {
            // SAFETY: two digits are there.
            let (low, high): (u32, u32) = unsafe { (field(int.cast(), 24), field(int.cast(), 28)) };
            Some(sign * (i64::from(high) << 30 | i64::from(low)))
        }
        _ => None,
    }
}

/// Sign (-1, 0, 1) and 30-bit digits, least significant first, of an int.
///
/// # Safety
/// `int` must be an exact int; the slice lives as long as it.
pub unsafe fn int_digits<'a>(int: *mut PyObject) -> (i64, &'a [u32]) {
    // SAFETY: see `small_int`.
    let tag: usize = unsafe { field(int.cast(), 16) };
    // SAFETY: the digits follow the tag.
    let digits = unsafe { std::slice::from_raw_parts(int.cast::<u8>().add(24).cast(), tag >> 3) };
    (1 - (tag & 3) as i64, digits)
}

/// The value of an exact float.
///
/// # Safety
/// `float` must be an exact float.
#[inline(always)]
pub unsafe fn float_value(float: *mut PyObject) -> f64 {
    // SAFETY: `ob_fval`.
    unsafe { field(float.cast(), 16) }
}

/// The items of an exact list or a list subclass.
///
/// # Safety
/// `list` must be a list; the slice is valid until the list changes.
#[inline(always)]
pub unsafe fn list_items<'a>(list: *mut PyObject) -> &'a [*mut PyObject] {
    // SAFETY: `ob_size` and `ob_item` of PyListObject.
    let (size, items): (isize, *const *mut PyObject) =
        unsafe { (field(list.cast(), 16), field(list.cast(), 24)) };
    if size <= 0 {
        return &[];
    }
    // SAFETY: a list has `ob_size` items.
    unsafe { std::slice::from_raw_parts(items, size as usize) }
}

/// The items of a tuple.
///
/// # Safety
/// `tuple` must be a tuple; the slice lives as long as it.
#[inline(always)]
pub unsafe fn tuple_items<'a>(tuple: *mut PyObject) -> &'a [*mut PyObject] {
    // SAFETY: `ob_size`, then the items.
    unsafe {
        let size: isize = field(tuple.cast(), 16);
        std::slice::from_raw_parts(tuple.cast::<u8>().add(24).cast(), size.max(0) as usize)
    }
}

/// A type and those it inherits from, in the order in which attributes are looked for. It has none while
/// its metaclass computes it.
///
/// # Safety
/// `type_` must be a live type; the slice lives as long as its bases are not changed.
pub unsafe fn line_of_bases<'a>(type_: *mut PyTypeObject) -> &'a [*mut PyObject] {
    // SAFETY: where it is known it is a tuple of types.
    unsafe {
        match (*type_).tp_mro {
            none if none.is_null() => &[],
            known => tuple_items(known),
        }
    }
}

/// The items of a deque.
///
/// # Safety
/// `deque` must be a `collections.deque` whose layout [`crate::selfcheck::knows_deques`] proved; the
/// items are borrowed from it.
pub unsafe fn deque_items(deque: *mut PyObject) -> Vec<*mut PyObject> {
    /// Items in a block; the address of the block to its left stands before them, that of the block to
    /// its right after.
    const IN_BLOCK: usize = 64;
    // SAFETY: `ob_size` (16), `leftblock` (24) and `leftindex` (40) of dequeobject.
    unsafe {
        let size = field::<isize>(deque.cast(), 16).max(0) as usize;
        let mut block: *const c_char = field(deque.cast(), 24);
        let mut at: isize = field(deque.cast(), 40);
        let mut items = Vec::with_capacity(size);
        while items.len() < size && !block.is_null() {
            let in_block = (IN_BLOCK - at as usize).min(size - items.len());
            let first = block.add(8).cast::<*mut PyObject>().add(at as usize);
            items.extend_from_slice(std::slice::from_raw_parts(first, in_block));
            block = field(block, 8 * (IN_BLOCK + 1));
            at = 0;
        }
        items
    }
}

/// The words of a generator of random numbers, as bytes.
///
/// # Safety
/// `random` must be a `_random.Random` whose layout [`crate::selfcheck::knows_random`] proved; the slice is
/// valid until it changes.
pub unsafe fn random_state<'a>(random: *mut PyObject) -> &'a [u8] {
    // SAFETY: `state` of RandomObject: 624 words of 32 bits.
    unsafe { std::slice::from_raw_parts(random.cast::<u8>().add(20), 4 * 624) }
}

/// How many of them are used up.
///
/// # Safety
/// As for [`random_state`].
pub unsafe fn random_position(random: *mut PyObject) -> i32 {
    // SAFETY: `index` of RandomObject.
    unsafe { field(random.cast(), 16) }
}

/// One entry of a set's table.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct SetEntry {
    /// The element, null for a free entry.
    pub key: *mut PyObject,
    /// Its hash; -1 marks an entry whose element was removed.
    pub hash: isize,
}

/// The table of a set or frozenset.
///
/// # Safety
/// `set` must be a set or frozenset; the slice is valid until it changes.
pub unsafe fn set_table<'a>(set: *mut PyObject) -> &'a [SetEntry] {
    // SAFETY: `mask` (32) and `table` (40) of PySetObject.
    unsafe {
        let mask: isize = field(set.cast(), 32);
        let table: *const SetEntry = field(set.cast(), 40);
        std::slice::from_raw_parts(table, mask as usize + 1)
    }
}

/// Whether a dict has a split table (the materialised attributes of an instance), whose changes
/// dict watchers do not always see (gh-125608).
///
/// # Safety
/// `dict` must be a dict.
#[inline]
pub unsafe fn dict_is_split(dict: *mut PyObject) -> bool {
    // SAFETY: `ma_values` of PyDictObject.
    !unsafe { field::<*mut c_char>(dict.cast(), 40) }.is_null()
}

/// Whether a dict is a view of the values inside some instance (3.13; 3.12 moves them to the dict).
///
/// # Safety
/// `dict` must be a dict.
pub unsafe fn dict_shows_inline_values(dict: *mut PyObject) -> bool {
    #[cfg(not(Py_3_13))]
    {
        let _ = dict;
        false
    }
    #[cfg(Py_3_13)]
    // SAFETY: `ma_values` of PyDictObject; its third byte is `embedded`.
    unsafe {
        let values: *const u8 = field(dict.cast(), 40);
        !values.is_null() && values.add(2).read() != 0
    }
}

/// Attribute names shared by the instances of a type (`ht_cached_keys`).
#[derive(Clone, Copy)]
pub struct SharedKeys(*const c_char);

impl SharedKeys {
    /// The shared names of a heap type, if it has any.
    ///
    /// # Safety
    /// `type_` must be a heap type.
    #[inline]
    pub unsafe fn of(type_: *mut PyTypeObject) -> Option<SharedKeys> {
        // SAFETY: the caller vouches for a heap type.
        let keys = unsafe { (*type_.cast::<PyHeapTypeObject>()).ht_cached_keys };
        (!keys.is_null()).then_some(SharedKeys(keys.cast()))
    }

    /// Number of names so far.
    ///
    /// # Safety
    /// The type must be alive.
    #[inline]
    pub unsafe fn n_names(self) -> usize {
        // SAFETY: `dk_nentries` of PyDictKeysObject.
        unsafe { field::<isize>(self.0, 24) as usize }
    }

    /// The name at `index`, below [`SharedKeys::n_names`] (borrowed).
    ///
    /// # Safety
    /// The type must be alive.
    pub unsafe fn name(self, index: usize) -> *mut PyObject {
        // SAFETY: `dk_log2_index_bytes` (9) gives the size of the index; entries of {key, value}
        // follow it at 32 (shared keys are always of the str-only kind).
        unsafe {
            let log2_index_bytes: u8 = field(self.0, 9);
            field(self.0, 32 + (1usize << log2_index_bytes) + index * 16)
        }
    }
}

/// Where an instance keeps its attributes.
pub enum Attributes {
    /// In an array parallel to the type's [`SharedKeys`].
    Values(*const *mut PyObject),
    /// In a dict (borrowed), null when it has none yet.
    Dict(*mut PyObject),
}

/// Finds the attributes of an instance whose type has `Py_TPFLAGS_MANAGED_DICT`, without
/// materialising its `__dict__`.
///
/// # Safety
/// `object` must be an instance of such a type.
#[inline]
pub unsafe fn managed_attributes(object: *mut PyObject) -> Attributes {
    #[cfg(not(Py_3_13))]
    {
        // SAFETY: 3.12 keeps a tagged pointer 24 bytes before the object: values - 1 when odd, a
        // dict otherwise.
        let tagged: usize = unsafe { object.cast::<u8>().sub(24).cast::<usize>().read() };
        if tagged & 1 == 1 {
            Attributes::Values(ptr::with_exposed_provenance(tagged + 1))
        } else {
            Attributes::Dict(ptr::with_exposed_provenance_mut(tagged))
        }
    }
    #[cfg(Py_3_13)]
    {
        const INLINE_VALUES: u64 = 1 << 2;
        // SAFETY: 3.13 keeps inline values {capacity, size, embedded, valid: u8; values} after the
        // basic size, and the managed dict 24 bytes before the object.
        unsafe {
            let type_ = Py_TYPE(object);
            if (*type_).tp_flags & INLINE_VALUES != 0 {
                let values = object.cast::<u8>().add((*type_).tp_basicsize as usize);
                if values.add(3).read() != 0 {
                    return Attributes::Values(values.add(8).cast());
                }
            }
            Attributes::Dict(object.cast::<u8>().sub(24).cast::<*mut PyObject>().read())
        }
    }
}

/// The dict of an instance whose type keeps a plain `tp_dictoffset`, or null (borrowed).
///
/// # Safety
/// `object` must be an instance of a type without a managed dict.
pub unsafe fn plain_dict(object: *mut PyObject) -> *mut PyObject {
    unsafe extern "C" {
        fn _PyObject_GetDictPtr(object: *mut PyObject) -> *mut *mut PyObject;
    }
    // SAFETY: returns the address of the dict field, or null for types without one.
    let field = unsafe { _PyObject_GetDictPtr(object) };
    if field.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: not null, so it points into the object.
    unsafe { field.read() }
}

/// Bits in one digit of an int.
pub const N_DIGIT_BITS: u32 = 30;
