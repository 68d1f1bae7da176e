//! Types written in C: of which parts their instances are made, and which have no value apart from the
//! running program.

use super::fields::{Field, Reader, init_argument, reader_of, type_name, without_exception};
use super::files::{self, FilePart};
use super::memory_files::{MemoryFile, NEWLINE};
use pyo3_ffi::*;
use std::ffi::CStr;

/// What is known of a type written in C.
struct Known {
    name: &'static CStr,
    /// Its instances never refer to anything else and never change.
    is_immutable: bool,
    /// Types written in C that extend it add nothing.
    covers_subtypes: bool,
    parts: &'static [Part],
}

/// A part of a type written in C.
enum Part {
    /// Read by the type's own descriptor of that name.
    Named(&'static CStr),
    /// An object at this place, where no descriptor reads it.
    At(&'static CStr, usize),
    /// An item of the tuple that `__getinitargs__` gives.
    InitArgument(&'static CStr, usize),
    /// Read in a way of its own.
    Special(&'static CStr, Reader),
}

use Part::{At, InitArgument, Named, Special};

const fn immutable(name: &'static CStr, parts: &'static [Part]) -> Known {
    Known {
        name,
        is_immutable: true,
        covers_subtypes: false,
        parts,
    }
}

const fn mutable(name: &'static CStr, parts: &'static [Part]) -> Known {
    Known {
        name,
        is_immutable: false,
        covers_subtypes: false,
        parts,
    }
}

const CODE: &[Part] = &[
    Named(c"co_name"),
    Named(c"co_qualname"),
    Named(c"co_filename"),
    Named(c"co_firstlineno"),
    Named(c"co_argcount"),
    Named(c"co_posonlyargcount"),
    Named(c"co_kwonlyargcount"),
    Named(c"co_varnames"),
    Named(c"co_freevars"),
    Named(c"co_cellvars"),
    Named(c"co_names"),
    Named(c"co_consts"),
    Named(c"co_nlocals"),
    Named(c"co_stacksize"),
    Named(c"co_flags"),
    Named(c"co_code"),
    Named(c"co_linetable"),
    Named(c"co_exceptiontable"),
    Special(c"python", Reader::PythonVersion),
];
const DATE: &[Part] = &[Named(c"year"), Named(c"month"), Named(c"day")];
const DATETIME: &[Part] = &[
    Named(c"year"),
    Named(c"month"),
    Named(c"day"),
    Named(c"hour"),
    Named(c"minute"),
    Named(c"second"),
    Named(c"microsecond"),
    Named(c"tzinfo"),
    Named(c"fold"),
];
const TIME: &[Part] = &[
    Named(c"hour"),
    Named(c"minute"),
    Named(c"second"),
    Named(c"microsecond"),
    Named(c"tzinfo"),
    Named(c"fold"),
];
const MATCH: &[Part] = &[
    Named(c"re"),
    Named(c"string"),
    Named(c"pos"),
    Named(c"endpos"),
    Named(c"regs"),
];
const VIEW: &[Part] = &[
    Named(c"format"),
    Named(c"shape"),
    Named(c"strides"),
    Named(c"readonly"),
    Named(c"obj"),
];
const NDARRAY: &[Part] = &[
    Special(c"dtype", Reader::Dtype),
    Named(c"shape"),
    Named(c"strides"),
    Named(c"base"),
    Special(c"offset", Reader::Offset),
];
const TIMESTAMP: &[Part] = &[
    Named(c"_value"),
    Named(c"unit"),
    Named(c"tzinfo"),
    Named(c"year"),
    Named(c"month"),
    Named(c"day"),
    Named(c"hour"),
    Named(c"minute"),
    Named(c"second"),
    Named(c"microsecond"),
    Named(c"nanosecond"),
    Named(c"fold"),
];
const TIMEDELTA: &[Part] = &[
    Named(c"_value"),
    Named(c"unit"),
    Named(c"days"),
    Named(c"seconds"),
    Named(c"microseconds"),
    Named(c"nanoseconds"),
];
const BUFFERED: &[Part] = &[
    Named(c"raw"),
    Special(c"position", Reader::File(FilePart::BufferedPosition)),
];
/// `ob_ref` of PyCellObject; `mapping` of mappingproxyobject; `dv_dict` of _PyDictViewObject.
const FIRST: usize = 16;
/// `self` of wrapperobject; `attr` of attrgetterobject, `item` of itemgetterobject, `args` of
/// methodcallerobject.
const SECOND: usize = 24;
const ITEM_GETTER: &[Part] = &[
    Special(c"n_items", Reader::Size(FIRST)),
    At(c"items", SECOND),
];
#[cfg(not(Py_3_13))]
const METHOD_CALLER: &[Part] = &[
    At(c"name", FIRST),
    At(c"args", SECOND),
    At(c"kwargs", SECOND + 8),
];
#[cfg(Py_3_13)]
const METHOD_CALLER: &[Part] = &[At(c"name_and_args", SECOND), At(c"kwargs", SECOND + 8)];

/// Types written in C whose instances are wholly made of these parts (and of a `__dict__`, if they
/// have one).
const KNOWN: &[Known] = &[
    mutable(c"_io.BufferedRandom", BUFFERED),
    mutable(c"_io.BufferedReader", BUFFERED),
    mutable(c"_io.BufferedWriter", BUFFERED),
    mutable(
        c"_io.BytesIO",
        &[
            Special(c"position", Reader::Position(MemoryFile::Bytes)),
            Special(c"closed", Reader::Closed(MemoryFile::Bytes)),
        ],
    ),
    mutable(
        c"_io.FileIO",
        &[
            Special(c"mode", Reader::FileMode),
            Special(c"closed", Reader::FileIsClosed),
            Special(c"path", Reader::FilePlace),
            Special(c"position", Reader::File(FilePart::RawPosition)),
        ],
    ),
    mutable(
        c"_io.StringIO",
        &[
            Special(c"position", Reader::Position(MemoryFile::Text)),
            Special(c"newline", Reader::PlaceOrNone(NEWLINE)),
            Special(c"closed", Reader::Closed(MemoryFile::Text)),
        ],
    ),
    mutable(c"_io._BufferedIOBase", &[]),
    mutable(c"_io._IOBase", &[]),
    mutable(c"_io._RawIOBase", &[]),
    mutable(c"_io._TextIOBase", &[]),
    mutable(
        c"_io.TextIOWrapper",
        &[
            Named(c"buffer"),
            Named(c"encoding"),
            At(c"errors", files::ERRORS),
            Special(c"newline", Reader::PlaceOrNone(files::READ_NEWLINE)),
            Special(c"decoded_bytes", Reader::File(FilePart::DecodedBytes)),
            Special(
                c"decoded_characters",
                Reader::File(FilePart::DecodedCharacters),
            ),
            Special(c"decoder_state", Reader::File(FilePart::DecoderState)),
            Special(c"pending_bytes", Reader::File(FilePart::PendingBytes)),
        ],
    ),
    mutable(
        c"_random.Random",
        &[
            Special(c"state", Reader::RandomState),
            Special(c"position", Reader::RandomPosition),
        ],
    ),
    mutable(c"array.array", &[Named(c"typecode")]),
    mutable(c"cell", &[At(c"cell_contents", FIRST)]),
    immutable(c"classmethod", &[Named(c"__func__")]),
    immutable(c"code", CODE),
    mutable(c"collections.defaultdict", &[Named(c"default_factory")]),
    mutable(c"collections.deque", &[Named(c"maxlen")]),
    immutable(c"datetime.date", DATE),
    immutable(c"datetime.datetime", DATETIME),
    immutable(c"datetime.time", TIME),
    immutable(
        c"datetime.timedelta",
        &[Named(c"days"), Named(c"seconds"), Named(c"microseconds")],
    ),
    immutable(
        c"datetime.timezone",
        &[InitArgument(c"offset", 0), InitArgument(c"name", 1)],
    ),
    immutable(c"datetime.tzinfo", &[]),
    immutable(c"decimal.Decimal", &[]),
    immutable(c"dict_items", &[At(c"mapping", FIRST)]),
    immutable(c"dict_keys", &[At(c"mapping", FIRST)]),
    immutable(c"dict_values", &[At(c"mapping", FIRST)]),
    mutable(c"functools._lru_cache_wrapper", &[]),
    mutable(
        c"functools.partial",
        &[Named(c"func"), Named(c"args"), Named(c"keywords")],
    ),
    immutable(c"mappingproxy", &[At(c"mapping", FIRST)]),
    mutable(c"memoryview", VIEW),
    immutable(c"method", &[Named(c"__func__"), Named(c"__self__")]),
    immutable(
        c"method-wrapper",
        &[
            Named(c"__name__"),
            At(c"__self__", SECOND),
            Named(c"__objclass__"),
        ],
    ),
    Known {
        covers_subtypes: true,
        ..immutable(c"numpy.dtype", &[Special(c"str", Reader::DtypeText)])
    },
    mutable(c"numpy.ndarray", NDARRAY),
    immutable(c"operator.attrgetter", &[At(c"attrs", SECOND)]),
    immutable(c"operator.itemgetter", ITEM_GETTER),
    immutable(c"operator.methodcaller", METHOD_CALLER),
    mutable(
        c"pandas._libs.arrays.NDArrayBacked",
        &[Named(c"_ndarray"), Named(c"_dtype")],
    ),
    mutable(
        c"pandas._libs.internals.Block",
        &[Named(c"_mgr_locs"), Named(c"values")],
    ),
    mutable(
        c"pandas._libs.internals.BlockManager",
        &[Named(c"blocks"), Named(c"axes")],
    ),
    immutable(
        c"pandas._libs.internals.BlockPlacement",
        &[Named(c"indexer")],
    ),
    immutable(c"pandas._libs.tslibs.timedeltas._Timedelta", TIMEDELTA),
    immutable(c"pandas._libs.tslibs.timestamps._Timestamp", TIMESTAMP),
    immutable(
        c"property",
        &[Named(c"fget"), Named(c"fset"), Named(c"fdel")],
    ),
    immutable(c"re.Match", MATCH),
    immutable(c"re.Pattern", &[Named(c"pattern"), Named(c"flags")]),
    immutable(c"slice", &[Named(c"start"), Named(c"stop"), Named(c"step")]),
    immutable(c"staticmethod", &[Named(c"__func__")]),
    immutable(
        c"types.GenericAlias",
        &[Named(c"__origin__"), Named(c"__args__")],
    ),
    mutable(c"types.SimpleNamespace", &[]),
    immutable(c"types.UnionType", &[Named(c"__args__")]),
    immutable(c"typing.ParamSpec", &[Named(c"__name__")]),
    immutable(
        c"typing.TypeAliasType",
        &[Named(c"__name__"), Named(c"__module__")],
    ),
    immutable(c"typing.TypeVar", &[Named(c"__name__")]),
    immutable(c"typing.TypeVarTuple", &[Named(c"__name__")]),
    immutable(c"zoneinfo.ZoneInfo", &[Named(c"key")]),
];

/// Types written in C whose instances have no value apart from the running program; besides, all
/// iterators.
const LIVE: &[&CStr] = &[
    c"Context",
    c"Token",
    c"_abc._abc_data",
    c"_asyncio.Future",
    c"_asyncio.Task",
    c"_contextvars.Context",
    c"_io.BufferedRWPair",
    c"_multiprocessing.SemLock",
    c"_queue.SimpleQueue",
    c"_socket.socket",
    c"_ssl._SSLContext",
    c"_ssl._SSLSocket",
    c"_thread.RLock",
    c"_thread._ThreadHandle",
    c"_thread._local",
    c"_thread.lock",
    c"builtins.PyCapsule",
    c"PyCapsule",
    c"coroutine",
    c"async_generator",
    c"frame",
    c"generator",
    c"mmap.mmap",
    c"pandas._libs.index.IndexEngine",
    c"pandas._libs.internals.BlockValuesRefs",
    c"pyexpat.xmlparser",
    c"select.epoll",
    c"select.poll",
    c"sqlite3.Connection",
    c"sqlite3.Cursor",
    c"traceback",
    c"weakref.CallableProxyType",
    c"weakref.ProxyType",
    c"weakref.ReferenceType",
    c"zlib.Compress",
    c"zlib.Decompress",
];

/// Classes of files that keep nothing themselves, though one can iterate over their instances.
const FILE_BASES: &[&CStr] = &[
    c"_io._BufferedIOBase",
    c"_io._IOBase",
    c"_io._RawIOBase",
    c"_io._TextIOBase",
];

/// Whether instances of a C type have no value apart from the running program.
///
/// # Safety
/// `base` must be a live type.
pub unsafe fn is_live(base: *mut PyTypeObject) -> bool {
    // SAFETY: reads fields of live types.
    unsafe {
        let mut type_ = base;
        while !type_.is_null() {
            if LIVE.contains(&type_name(type_)) {
                return true;
            }
            type_ = (*type_).tp_base;
        }
        (*base).tp_iternext.is_some() && !FILE_BASES.contains(&type_name(base))
    }
}

/// Whether a C type keeps nothing in its instances, as `object` and `typing.Generic`.
///
/// # Safety
/// `base` must be a live type.
pub unsafe fn adds_nothing(base: *mut PyTypeObject) -> bool {
    // SAFETY: reads fields of a live type.
    unsafe {
        (*base).tp_basicsize == size_of::<PyObject>() as Py_ssize_t && (*base).tp_itemsize == 0
    }
}

/// The parts of instances of a C type.
pub struct Parts {
    /// They are all that there is.
    pub is_complete: bool,
    /// The instances never change.
    pub is_immutable: bool,
    /// The parts, the base's own last.
    pub fields: Vec<Field>,
}

/// Finds the parts of instances of a type written in C, if it or a base of it is known. `name_of` gives
/// the stream's numbers of names.
///
/// # Safety
/// `base` must be a live type, with the GIL held and no exception set.
pub unsafe fn parts_of(
    base: *mut PyTypeObject,
    mut number_of: impl FnMut(&str) -> u32,
) -> Option<Parts> {
    let mut known_base = base;
    // SAFETY: bases of a live type are alive.
    unsafe {
        let known = loop {
            let name = type_name(known_base);
            match KNOWN.iter().find(|known| known.name == name) {
                Some(known) => break known,
                None => known_base = (*known_base).tp_base,
            }
            if known_base.is_null() {
                return None;
            }
        };
        let is_file = [c"_io.BytesIO", c"_io.StringIO"].contains(&known.name);
        if is_file && MemoryFile::of(known_base).is_none() {
            return None;
        }
        let mut fields = Vec::new();
        for part in known.parts {
            let (name, reader) = match *part {
                Named(name) => (name, reader_of(known_base, name)),
                At(name, offset) => (name, Some(Reader::Place(offset))),
                InitArgument(name, at) => (name, init_argument(known_base, at)),
                Special(name, reader) => (name, reader.of_known_layout(known_base)),
            };
            let name = number_of(&name.to_string_lossy());
            fields.push(Field {
                name,
                reader: reader?,
            });
        }
        Some(Parts {
            is_complete: known.covers_subtypes || known_base == base,
            is_immutable: known.is_immutable,
            fields,
        })
    }
}

/// Whether a class is an enum: made by `enum.EnumType` or a subclass of it.
///
/// # Safety
/// `type_` must be a live type, with the GIL held.
pub unsafe fn is_enum(type_: *mut PyTypeObject) -> bool {
    // SAFETY: bases of a live type are alive.
    unsafe {
        let mut metatype = Py_TYPE(type_.cast());
        while metatype != &raw mut PyType_Type && !metatype.is_null() {
            if super::types::qualified_name(metatype) == "enum.EnumType" {
                return true;
            }
            metatype = (*metatype).tp_base;
        }
        false
    }
}

/// Whether a C type is a `collections.deque` whose items can be read.
///
/// # Safety
/// As for [`parts_of`].
pub unsafe fn is_deque(base: *mut PyTypeObject) -> bool {
    // SAFETY: passed on.
    unsafe {
        type_name(base) == c"collections.deque"
            && without_exception(|| crate::selfcheck::knows_deques(base))
    }
}
