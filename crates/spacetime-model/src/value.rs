//! Values as they were: atoms inline, everything with an identity as an object of a graph.
//!
//! Aliasing and cycles are exact: two [`Value::Ref`]s with one id are one object. A graph is flat
//! (a map from id to object), so that walking one needs no recursion.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::ObjectId;

/// What a variable, an item or an attribute holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `None`
    None,
    /// `True` or `False`
    Bool(bool),
    /// An int of up to 64 bits.
    Int(i64),
    /// A larger int: little-endian two's complement.
    BigInt(Vec<u8>),
    /// A float, all 64 bits as they were.
    Float(f64),
    /// Real and imaginary part.
    Complex(f64, f64),
    /// A short str. `utf8` is UTF-8 in which lone surrogates appear as Python's `surrogatepass`
    /// writes them.
    Str(Vec<u8>),
    /// Short bytes.
    Bytes(Vec<u8>),
    /// The beginning of a str whose UTF-8 has `len` bytes.
    StrTruncated {
        /// The bytes that were kept, cut at a character.
        head: Vec<u8>,
        /// The real length.
        len: u64,
    },
    /// The beginning of bytes of length `len`.
    BytesTruncated {
        /// The bytes that were kept.
        head: Vec<u8>,
        /// The real length.
        len: u64,
    },
    /// `range(start, stop, step)`
    Range(i64, i64, i64),
    /// `...`
    Ellipsis,
    /// `NotImplemented`
    NotImplemented,
    /// A short tuple of atoms.
    Tuple(Vec<Value>),
    /// An object of the graph.
    Ref(ObjectId),
    /// Not captured.
    Gap(Fidelity),
    /// The variable is not bound.
    Unbound,
}

/// How much of a value was captured, and why not more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Fidelity {
    /// As it was.
    #[default]
    Exact,
    /// Cut at the size limit.
    TruncatedSize,
    /// Cut at the limit of objects met at one event.
    TruncatedCount,
    /// A type whose contents are not read.
    Opaque,
    /// It has no value apart from the running program: a lock, a socket, a generator, an iterator.
    Live,
    /// Excluded by the user.
    Excluded,
    /// The memory could not be read safely.
    Unreadable,
    /// The trace refers to an object it does not hold.
    Missing,
}

impl Fidelity {
    /// One of `exact`, `truncated`, `opaque`, `gap`.
    pub fn class(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::TruncatedSize | Self::TruncatedCount => "truncated",
            Self::Opaque | Self::Live => "opaque",
            Self::Excluded | Self::Unreadable | Self::Missing => "gap",
        }
    }

    /// Why the value is less than exact.
    pub fn reason(self) -> Option<&'static str> {
        Some(match self {
            Self::Exact => return None,
            Self::TruncatedSize => "larger than the size limit",
            Self::TruncatedCount => "beyond the limit of objects that are followed",
            Self::Opaque => "a type whose contents are not read",
            Self::Live => "it has no value apart from the running program",
            Self::Excluded => "excluded by the user",
            Self::Unreadable => "the memory could not be read safely",
            Self::Missing => "the trace does not hold this object",
        })
    }
}

/// What an object is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ObjectKind {
    List,
    Tuple,
    Dict,
    Set,
    FrozenSet,
    /// Attributes by name; what a type written in C keeps is among them. A subclass of a builtin type
    /// without parts (int, str) has its value as the one item.
    Instance,
    Str,
    Bytes,
    ByteArray,
    /// Identity, type and name; the name is the text. Free variables (as cells) and defaults are
    /// attributes; `__code__` is a tuple: the first line of the code, and its name where the function
    /// has another. `Class` and `Module` are names alone, but for `_fields` of classes that
    /// `collections.namedtuple` made and that are nothing more.
    Function,
    Class,
    Module,
    /// Identity and type only; a text may say more.
    Opaque,
    /// The names of a module or class body, as attributes.
    Namespace,
    Deque,
    /// A member of an enum: as an instance.
    Enum,
    /// Memory (an array, a memory view): the bytes are the text, attributes say how they are laid out.
    Buffer,
    /// An open file: attributes say which, how and where.
    File,
    /// An object of a type with an adapter: the payload is the one item; the attribute `adapter` names the
    /// type that the adapter is for, `preview` is the adapter's own.
    Adapted,
}

impl ObjectKind {
    /// In lower case, as the wire formats write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Tuple => "tuple",
            Self::Dict => "dict",
            Self::Set => "set",
            Self::FrozenSet => "frozenset",
            Self::Instance => "instance",
            Self::Str => "str",
            Self::Bytes => "bytes",
            Self::ByteArray => "bytearray",
            Self::Function => "function",
            Self::Class => "class",
            Self::Module => "module",
            Self::Opaque => "opaque",
            Self::Namespace => "namespace",
            Self::Deque => "deque",
            Self::Enum => "enum",
            Self::Buffer => "buffer",
            Self::File => "file",
            Self::Adapted => "adapted",
        }
    }
}

/// An object at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Which object; the same at all times.
    pub id: ObjectId,
    /// What it is made of.
    pub kind: ObjectKind,
    /// The name of its type, as `module.Name` (builtins without module).
    pub type_name: String,
    /// A subclass of the builtin container that `kind` names.
    pub is_subclass: bool,
    /// How much of the contents was captured.
    pub fidelity: Fidelity,
    /// The real number of items or bytes, where `fidelity` says that fewer were kept.
    pub real_len: Option<u64>,
    /// Items of a list, tuple or deque, elements of a set; the value of an instance that is one.
    pub items: Vec<Value>,
    /// Entries of a dict, in its order.
    pub entries: Vec<(Value, Value)>,
    /// Attributes of an instance, names of a namespace.
    pub attributes: Vec<(String, Value)>,
    /// Contents of a str (UTF-8 with `surrogatepass`), bytes or bytearray; name of a function,
    /// class or module.
    pub text: Vec<u8>,
}

/// Objects by identity.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The objects.
    pub objects: BTreeMap<ObjectId, Object>,
}

impl Graph {
    /// The object a value refers to.
    pub fn get(&self, value: &Value) -> Option<&Object> {
        match value {
            Value::Ref(id) => self.objects.get(id),
            _ => None,
        }
    }
}

impl Object {
    /// Why it is less than exact.
    pub fn reason(&self) -> Option<Cow<'_, str>> {
        match self.kind {
            ObjectKind::Opaque if !self.text.is_empty() => {
                Some(String::from_utf8_lossy(&self.text))
            }
            _ => self.fidelity.reason().map(Cow::Borrowed),
        }
    }

    /// Every value this object holds directly.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        let entries = self.entries.iter().flat_map(|(key, value)| [key, value]);
        let attributes = self.attributes.iter().map(|(_, value)| value);
        self.items.iter().chain(entries).chain(attributes)
    }
}
