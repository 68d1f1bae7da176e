//! Memory that objects give access to: numpy arrays, memory views, `array.array`, files in memory.
//!
//! Its bytes are kept as they come in C order (as `tobytes()` gives them), whatever the strides are.
//! Arrays of objects are sequences of objects instead.

use super::memory_files::MemoryFile;
use crate::layout;
use crate::limits;
use pyo3_ffi::*;
use smallvec::SmallVec;
use std::ffi::{CStr, c_char};

/// The types whose memory is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Exporter {
    /// `numpy.ndarray`.
    Ndarray,
    /// `memoryview`.
    MemoryView,
    /// `array.array`.
    Array,
    /// `io.BytesIO`, `io.StringIO`.
    File(MemoryFile),
}

/// Items of one size, at regular places in memory.
struct Memory {
    first: *const u8,
    item_size: usize,
    /// Number of items and distance in bytes along each dimension, outermost first.
    dimensions: SmallVec<[(usize, isize); 4]>,
}

impl Exporter {
    /// The exporter that a type written in C is.
    ///
    /// # Safety
    /// `base` must be a live type.
    pub unsafe fn of(base: *mut PyTypeObject) -> Option<Exporter> {
        // SAFETY: the name of a type is a C string.
        let name = unsafe { CStr::from_ptr((*base).tp_name) };
        match name.to_bytes() {
            b"numpy.ndarray" => Some(Exporter::Ndarray),
            b"memoryview" => Some(Exporter::MemoryView),
            b"array.array" => Some(Exporter::Array),
            // SAFETY: passed on.
            _ => unsafe { MemoryFile::of(base) }.map(Exporter::File),
        }
    }

    /// Whether C code that was given the object once may change it at any time.
    pub fn is_volatile(self) -> bool {
        matches!(self, Exporter::File(_))
    }

    /// The first bytes, at most [`limits::text`] of them, and how many there are.
    ///
    /// # Safety
    /// `object` must be a live instance, with the GIL held and no exception set.
    pub unsafe fn bytes(self, object: *mut PyObject) -> (Vec<u8>, usize) {
        if let Exporter::File(file) = self {
            // SAFETY: passed on.
            return unsafe { file.bytes(object) };
        }
        let mut bytes = Vec::new();
        // SAFETY: passed on; the memory is alive while the object is.
        let n_bytes = unsafe {
            self.memory(object).map_or(0, |memory| {
                memory.visit(limits::text(), |run| {
                    bytes.extend_from_slice(run);
                    true
                });
                memory.n_bytes()
            })
        };
        (bytes, n_bytes)
    }

    /// Whether the bytes are those that [`Exporter::bytes`] gave earlier.
    ///
    /// # Safety
    /// As for [`Exporter::bytes`].
    pub unsafe fn equals(self, object: *mut PyObject, mut kept: &[u8], n_bytes: usize) -> bool {
        if let Exporter::File(file) = self {
            // SAFETY: passed on.
            return unsafe { file.equals(object, kept, n_bytes) };
        }
        // SAFETY: as above.
        unsafe {
            self.memory(object).map_or(n_bytes == 0, |memory| {
                memory.n_bytes() == n_bytes
                    && memory.visit(kept.len(), |run| {
                        let is_same = kept.starts_with(run);
                        kept = &kept[run.len().min(kept.len())..];
                        is_same
                    })
            })
        }
    }

    /// The objects of an array of objects (borrowed, some null).
    ///
    /// # Safety
    /// As for [`Exporter::bytes`]; the array must be one of objects.
    pub unsafe fn objects(self, object: *mut PyObject) -> Vec<*mut PyObject> {
        let mut objects = Vec::new();
        // SAFETY: passed on; each item is the address of an object.
        unsafe {
            if let Some(memory) = self.memory(object) {
                memory.visit(usize::MAX, |run| {
                    let addresses = run.chunks_exact(size_of::<usize>());
                    objects.extend(addresses.map(|address| {
                        let address = usize::from_ne_bytes(address.try_into().expect("8 bytes"));
                        std::ptr::with_exposed_provenance_mut(address)
                    }));
                    true
                });
            }
        }
        objects
    }

    /// Whether the items are objects.
    ///
    /// # Safety
    /// As for [`Exporter::bytes`].
    pub unsafe fn holds_objects(self, object: *mut PyObject) -> bool {
        // SAFETY: `kind` (24) of PyArray_Descr.
        self == Exporter::Ndarray
            && unsafe { layout::field::<u8>(ndarray::descr(object).cast(), 24) } == b'O'
    }

    unsafe fn memory(self, object: *mut PyObject) -> Option<Memory> {
        // SAFETY: each branch follows the type; the layouts are public headers.
        unsafe {
            match self {
                Exporter::Ndarray => ndarray::memory(object),
                Exporter::MemoryView => memory_of_view(object),
                Exporter::Array => memory_of_array(object),
                Exporter::File(_) => None,
            }
        }
    }
}

impl Memory {
    fn n_bytes(&self) -> usize {
        let n_items: usize = self.dimensions.iter().map(|&(n, _)| n).product();
        n_items * self.item_size
    }

    /// Shows the first `limit` bytes in C order, run by run, while `show` says yes. Says whether it did so
    /// to the end.
    unsafe fn visit(&self, limit: usize, mut show: impl FnMut(&[u8]) -> bool) -> bool {
        let mut n_left = self.n_bytes().min(limit);
        // The innermost dimensions that lie without gaps are one run.
        let mut run = self.item_size;
        let mut outer = &self.dimensions[..];
        while let [rest @ .., (n, stride)] = outer
            && *stride == run as isize
        {
            run *= n;
            outer = rest;
        }
        let mut at: SmallVec<[usize; 4]> = SmallVec::from_elem(0, outer.len());
        while n_left > 0 {
            let steps = at.iter().zip(outer);
            let offset: isize = steps.map(|(&i, &(_, stride))| i as isize * stride).sum();
            let n_shown = run.min(n_left);
            // SAFETY: every index is within its dimension.
            if !show(unsafe { std::slice::from_raw_parts(self.first.offset(offset), n_shown) }) {
                return false;
            }
            n_left -= n_shown;
            // The next index, innermost first.
            for (i, &(n, _)) in at.iter_mut().zip(outer).rev() {
                *i += 1;
                if *i < n {
                    break;
                }
                *i = 0;
            }
        }
        true
    }
}

/// The memory of a view, none if the view was released.
unsafe fn memory_of_view(view: *mut PyObject) -> Option<Memory> {
    const RELEASED: i32 = 1;
    // SAFETY: `flags` (40) and `view` (56) of PyMemoryViewObject.
    unsafe {
        if layout::field::<i32>(view.cast(), 40) & RELEASED != 0 {
            return None;
        }
        let buffer = view.cast::<u8>().add(56).cast::<Py_buffer>();
        memory_of_buffer(&*buffer)
    }
}

unsafe fn memory_of_array(array: *mut PyObject) -> Option<Memory> {
    // SAFETY: the type's own C function gives its memory, and takes it back; the object stays alive.
    unsafe {
        let mut base = Py_TYPE(array);
        while crate::effects::is_made_by_class_statement(base) {
            base = (*base).tp_base;
        }
        let functions = (*base).tp_as_buffer;
        let mut buffer: Py_buffer = std::mem::zeroed();
        let get = (*functions).bf_getbuffer?;
        if get(array, &raw mut buffer, PyBUF_FULL_RO) != 0 {
            PyErr_Clear();
            return None;
        }
        let memory = memory_of_buffer(&buffer);
        if let Some(release) = (*functions).bf_releasebuffer {
            release(array, &raw mut buffer);
        }
        Py_XDECREF(buffer.obj);
        memory
    }
}

unsafe fn memory_of_buffer(buffer: &Py_buffer) -> Option<Memory> {
    let n_dimensions = buffer.ndim as usize;
    let contiguous = buffer.shape.is_null() || buffer.strides.is_null();
    // SAFETY: shape and strides, where they are given, have an entry for each dimension.
    let dimensions = match contiguous {
        true => {
            let n_items = buffer.len / buffer.itemsize.max(1);
            SmallVec::from_slice(&[(n_items as usize, buffer.itemsize)])
        }
        false => (0..n_dimensions)
            .map(|at| unsafe { (*buffer.shape.add(at) as usize, *buffer.strides.add(at)) })
            .collect(),
    };
    // Of an indirect buffer only the addresses are there.
    (buffer.suboffsets.is_null() && !buffer.buf.is_null()).then(|| Memory {
        first: buffer.buf.cast(),
        item_size: buffer.itemsize as usize,
        dimensions,
    })
}

/// The layout of arrays and their types, which numpy promises to keep (`PyArrayObject_fields`,
/// `PyArray_Descr` of its C API).
pub mod ndarray {
    use super::*;

    /// An owned reference.
    struct Owned(*mut PyObject);

    impl Owned {
        unsafe fn attribute(object: *mut PyObject, name: &CStr) -> Option<Owned> {
            // SAFETY: passed on.
            unsafe {
                let attribute = PyObject_GetAttrString(object, name.as_ptr());
                if attribute.is_null() {
                    PyErr_Clear();
                    return None;
                }
                Some(Owned(attribute))
            }
        }
    }

    impl Drop for Owned {
        fn drop(&mut self) {
            // SAFETY: the reference is owned; the GIL is held while a dtype is read.
            unsafe { Py_DECREF(self.0) };
        }
    }

    /// The dtype of an array (borrowed).
    ///
    /// # Safety
    /// `array` must be a live array.
    pub unsafe fn descr(array: *mut PyObject) -> *mut PyObject {
        // SAFETY: `descr` of PyArrayObject_fields.
        unsafe { layout::field(array.cast(), 56) }
    }

    /// A dtype as text that `numpy.dtype` takes, as it is or as a Python literal.
    ///
    /// # Safety
    /// `descr` must be a live dtype, with the GIL held and no exception set.
    pub unsafe fn dtype_text(descr: *mut PyObject) -> Option<String> {
        // SAFETY: passed on.
        unsafe { dtype_text_of(descr, 0) }
    }

    unsafe fn dtype_text_of(descr: *mut PyObject, depth: usize) -> Option<String> {
        const MAX_DEPTH: usize = 20;
        // SAFETY: attributes of a dtype are read by C code; `mapping` (16) of the mappingproxy is a dict.
        unsafe {
            let text = Owned::attribute(descr, c"str")?;
            let text = crate::heap::names::text_of(text.0)?;
            if !text.starts_with("|V") || depth > MAX_DEPTH {
                return Some(text);
            }
            let quoted = |descr| {
                let text = dtype_text_of(descr, depth + 1)?;
                Some(if text.starts_with(['{', '(']) {
                    text
                } else {
                    format!("'{text}'")
                })
            };
            let parts = Owned::attribute(descr, c"subdtype")?;
            if PyTuple_CheckExact(parts.0) != 0 && layout::tuple_items(parts.0).len() == 2 {
                let [base, shape] = layout::tuple_items(parts.0) else {
                    return None;
                };
                return Some(format!("({}, {})", quoted(*base)?, numbers(*shape)));
            }
            let names = Owned::attribute(descr, c"names")?;
            let fields = Owned::attribute(descr, c"fields")?;
            if PyTuple_CheckExact(names.0) == 0 || Py_TYPE(fields.0) != &raw mut PyDictProxy_Type {
                return Some(text);
            }
            let fields: *mut PyObject = layout::field(fields.0.cast(), 16);
            let [mut formats, mut offsets, mut all_names] = [const { Vec::new() }; 3];
            for &name in layout::tuple_items(names.0) {
                let field = PyDict_GetItem(fields, name);
                if field.is_null() || PyTuple_Check(field) == 0 {
                    return None;
                }
                let [format, offset, ..] = layout::tuple_items(field) else {
                    return None;
                };
                all_names.push(format!("{:?}", crate::heap::names::text_of(name)?));
                formats.push(quoted(*format)?);
                offsets.push(layout::small_int(*offset)?.to_string());
            }
            let [names, formats, offsets] =
                [all_names, formats, offsets].map(|parts| parts.join(", "));
            Some(format!(
                "{{'names': [{names}], 'formats': [{formats}], 'offsets': [{offsets}], 'itemsize': {}}}",
                item_size(descr)
            ))
        }
    }

    /// A tuple of ints as Python writes it.
    unsafe fn numbers(tuple: *mut PyObject) -> String {
        // SAFETY: the shape of a dtype is a tuple of ints.
        let items = unsafe { layout::tuple_items(tuple) }.iter();
        // SAFETY: as above.
        let numbers = items.map(|&item| unsafe { layout::small_int(item) }.unwrap_or(0));
        let texts: Vec<String> = numbers.map(|number| format!("{number},")).collect();
        format!("({})", texts.join(" "))
    }

    /// How far the memory of a view begins behind that of the array whose memory it shares.
    ///
    /// # Safety
    /// `array` must be a live array.
    pub unsafe fn offset(array: *mut PyObject) -> Option<isize> {
        // SAFETY: `base` and `data` of PyArrayObject_fields; the base is an array if its type says so.
        unsafe {
            let base: *mut PyObject = layout::field(array.cast(), 48);
            let is_array = !base.is_null() && {
                let mut type_ = Py_TYPE(base);
                while crate::effects::is_made_by_class_statement(type_) {
                    type_ = (*type_).tp_base;
                }
                Exporter::of(type_) == Some(Exporter::Ndarray)
            };
            is_array.then(|| {
                let [view, owner] =
                    [array, base].map(|array| layout::field::<isize>(array.cast(), 16));
                view - owner
            })
        }
    }

    pub(super) unsafe fn memory(array: *mut PyObject) -> Option<Memory> {
        // SAFETY: `data`, `nd`, `dimensions`, `strides` of PyArrayObject_fields.
        unsafe {
            let first: *const u8 = layout::field(array.cast(), 16);
            let n_dimensions = layout::field::<i32>(array.cast(), 24) as usize;
            let shape: *const isize = layout::field(array.cast(), 32);
            let strides: *const isize = layout::field(array.cast(), 40);
            let dimensions =
                (0..n_dimensions).map(|at| (*shape.add(at) as usize, *strides.add(at)));
            (!first.is_null()).then(|| Memory {
                first,
                item_size: item_size(descr(array)),
                dimensions: dimensions.collect(),
            })
        }
    }

    /// `itemsize` of a dtype: its place differs between numpy 1 and 2, its member does not.
    unsafe fn item_size(descr: *mut PyObject) -> usize {
        // SAFETY: members of the type describe its instances.
        unsafe {
            let mut member = (*Py_TYPE(descr)).tp_members;
            let mut type_ = Py_TYPE(descr);
            loop {
                while !member.is_null() && !(*member).name.is_null() {
                    if CStr::from_ptr((*member).name) == c"itemsize" {
                        let size: *const c_char = descr.cast::<c_char>().offset((*member).offset);
                        // `int` in numpy 1, `npy_intp` in numpy 2.
                        return match (*member).type_code {
                            T_INT => size.cast::<i32>().read() as usize,
                            _ => size.cast::<isize>().read() as usize,
                        };
                    }
                    member = member.add(1);
                }
                type_ = (*type_).tp_base;
                if type_.is_null() {
                    return 1;
                }
                member = (*type_).tp_members;
            }
        }
    }

    /// `Py_T_INT`.
    const T_INT: i32 = 1;
}
