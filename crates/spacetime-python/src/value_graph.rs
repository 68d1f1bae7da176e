//! Recorded values as Python objects.
//!
//! Atoms and exact builtin containers become Python's own; everything else a lazy
//! `spacetimepy.Value` that asks its [`ValueGraph`] for more. One graph gives one Python object for
//! one recorded object, however often it is asked, so that aliasing and cycles are exact.
//!
//! Nothing here recurses on what the trace holds: containers are made empty first and filled later,
//! and immutable ones, which cannot be, are made from the inside out and only to a fixed depth.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::gc::{PyTraverseError, PyVisit};
use pyo3::prelude::*;
use pyo3::types::{
    PyByteArray, PyBytes, PyComplex, PyDict, PyFloat, PyFrozenSet, PyList, PySet, PyString, PyTuple,
};
use spacetime_cli::Preview;
use spacetime_model::{Fidelity, Graph, Object, ObjectId, ObjectKind, Value};
use xxhash_rust::xxh3::Xxh3;

/// Immutable containers nested deeper than this stay lazy: hashing them would recurse.
const MAX_IMMUTABLE_DEPTH: usize = 100;

/// The objects of one state, or of the border of a call.
#[pyclass(frozen, weakref, module = "spacetimepy._native")]
pub struct ValueGraph {
    graph: Graph,
    is_trusted: bool,
    known: Mutex<HashMap<ObjectId, Py<PyAny>>>,
}

/// Kind, type, is a subclass, fidelity, reason, real length, text or name.
type Facts = (
    &'static str,
    String,
    bool,
    &'static str,
    Option<String>,
    Option<u64>,
    String,
);

/// Items, entries and attributes of an object, see [`ValueGraph::parts`].
type Parts<'py> = (
    Vec<Bound<'py, PyAny>>,
    Vec<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    Bound<'py, PyDict>,
);

#[pymethods]
impl ValueGraph {
    /// Whether values may be restored, which may run code.
    #[getter]
    fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// Items, entries and attributes; every object among them is a lazy value, exact builtin
    /// containers too.
    fn parts<'py>(slf: &Bound<'py, Self>, id: u64) -> PyResult<Parts<'py>> {
        let object = slf.get().object(ObjectId(id))?;
        let items = object.items.iter().map(|item| lazily(slf, item));
        let entries = object.entries.iter();
        let entries = entries.map(|(key, value)| Ok((lazily(slf, key)?, lazily(slf, value)?)));
        Ok((
            items.collect::<PyResult<_>>()?,
            entries.collect::<PyResult<_>>()?,
            lazily_named(slf, &object.attributes)?,
        ))
    }

    fn facts(&self, id: u64) -> PyResult<Facts> {
        let object = self.object(ObjectId(id))?;
        Ok((
            object.kind.name(),
            object.type_name.clone(),
            object.is_subclass,
            object.fidelity.class(),
            object.reason().map(Cow::into_owned),
            object.real_len,
            String::from_utf8_lossy(&object.text).into_owned(),
        ))
    }

    fn attributes<'py>(slf: &Bound<'py, Self>, id: u64) -> PyResult<Bound<'py, PyDict>> {
        let object = slf.get().object(ObjectId(id))?;
        named_values(slf, &object.attributes)
    }

    fn items<'py>(slf: &Bound<'py, Self>, id: u64) -> PyResult<Bound<'py, PyList>> {
        let object = slf.get().object(ObjectId(id))?;
        let items = object.items.iter().map(|item| convert(slf, item));
        PyList::new(slf.py(), items.collect::<PyResult<Vec<_>>>()?)
    }

    fn entries<'py>(slf: &Bound<'py, Self>, id: u64) -> PyResult<Bound<'py, PyList>> {
        let object = slf.get().object(ObjectId(id))?;
        let entries = object.entries.iter();
        let pairs = entries.map(|(key, value)| Ok((convert(slf, key)?, convert(slf, value)?)));
        PyList::new(slf.py(), pairs.collect::<PyResult<Vec<_>>>()?)
    }

    fn contents<'py>(&self, py: Python<'py>, id: u64) -> PyResult<Bound<'py, PyBytes>> {
        Ok(PyBytes::new(py, &self.object(ObjectId(id))?.text))
    }

    fn preview(&self, id: u64, width: usize) -> String {
        let value = Value::Ref(ObjectId(id));
        Preview::of(&self.graph, std::iter::once(&value)).text(&value, width)
    }

    /// A hash of the object's own contents: equal at two times if nothing in it changed between.
    fn version(&self, id: u64) -> PyResult<String> {
        let object = self.object(ObjectId(id))?;
        let mut hasher = Xxh3::new();
        hasher.update(format!("{:?}", (object.kind, &object.items, &object.entries)).as_bytes());
        hasher.update(format!("{:?}", (&object.attributes, object.fidelity)).as_bytes());
        hasher.update(&object.text);
        Ok(format!("{:016x}", hasher.digest()))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        // A graph that is being used is alive anyway.
        match self.known.try_lock() {
            Ok(known) => known.values().try_for_each(|object| visit.call(object)),
            Err(_) => Ok(()),
        }
    }

    fn __clear__(&self) {
        self.known().clear();
    }
}

impl ValueGraph {
    /// A graph whose values can be handed to Python.
    pub fn new(graph: Graph, is_trusted: bool) -> Self {
        Self {
            graph,
            is_trusted,
            known: Mutex::new(HashMap::new()),
        }
    }

    fn known(&self) -> MutexGuard<'_, HashMap<ObjectId, Py<PyAny>>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn object(&self, id: ObjectId) -> PyResult<&Object> {
        self.graph.objects.get(&id).ok_or_else(|| {
            crate::errors::named(
                "NotFoundError",
                &format!("there is no object {id} in this state"),
            )
        })
    }

    fn get(&self, py: Python<'_>, id: ObjectId) -> Option<Py<PyAny>> {
        self.known().get(&id).map(|object| object.clone_ref(py))
    }

    fn put(&self, id: ObjectId, object: Py<PyAny>) {
        self.known().insert(id, object);
    }
}

/// Values by name.
pub fn named_values<'py>(
    graph: &Bound<'py, ValueGraph>,
    values: &[(String, Value)],
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(graph.py());
    for (name, value) in values {
        dict.set_item(name, convert(graph, value)?)?;
    }
    Ok(dict)
}

/// Values by name, as [`ValueGraph::parts`] gives them.
pub fn lazily_named<'py>(
    graph: &Bound<'py, ValueGraph>,
    values: &[(String, Value)],
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(graph.py());
    for (name, value) in values {
        dict.set_item(name, lazily(graph, value)?)?;
    }
    Ok(dict)
}

/// An atom as a Python object, an object as a lazy value.
pub fn lazily<'py>(graph: &Bound<'py, ValueGraph>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Ref(id) if graph.get().graph.objects.contains_key(id) => lazy(graph, *id),
        _ => shallow(graph, value),
    }
}

/// A value as a Python object.
pub fn convert<'py>(graph: &Bound<'py, ValueGraph>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    if let Value::Ref(id) = value {
        make_reachable(graph, *id)?;
    }
    shallow(graph, value)
}

/// A value whose object, if it is one, was made before.
fn shallow<'py>(graph: &Bound<'py, ValueGraph>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    let py = graph.py();
    Ok(match value {
        Value::None | Value::Unbound => py.None().into_bound(py),
        Value::Bool(bool) => bool.into_pyobject(py)?.to_owned().into_any(),
        Value::Int(int) => int.into_pyobject(py)?.into_any(),
        Value::BigInt(bytes) => int_of(py, bytes)?,
        Value::Float(float) => PyFloat::new(py, *float).into_any(),
        Value::Complex(real, imaginary) => {
            PyComplex::from_doubles(py, *real, *imaginary).into_any()
        }
        Value::Str(utf8) => str_of(py, utf8)?,
        Value::Bytes(bytes) => PyBytes::new(py, bytes).into_any(),
        Value::Range(start, stop, step) if *step != 0 => py
            .import("builtins")?
            .getattr("range")?
            .call1((start, stop, step))?,
        Value::Ellipsis => py.Ellipsis().into_bound(py),
        Value::NotImplemented => py.NotImplemented().into_bound(py),
        Value::Tuple(items) => {
            let items = items.iter().map(|item| shallow(graph, item));
            PyTuple::new(py, items.collect::<PyResult<Vec<_>>>()?)?.into_any()
        }
        Value::Ref(id) => match graph.get().get(py, *id) {
            Some(object) => object.into_bound(py),
            None => lazy_leaf(graph, "gap", "unknown", Fidelity::Missing, None, "")?,
        },
        Value::StrTruncated { head, len } => {
            let text = String::from_utf8_lossy(head);
            lazy_leaf(
                graph,
                "str",
                "str",
                Fidelity::TruncatedSize,
                Some(*len),
                &text,
            )?
        }
        Value::BytesTruncated { head, len } => {
            let text = String::from_utf8_lossy(head);
            lazy_leaf(
                graph,
                "bytes",
                "bytes",
                Fidelity::TruncatedSize,
                Some(*len),
                &text,
            )?
        }
        Value::Range(..) => lazy_leaf(graph, "gap", "range", Fidelity::Unreadable, None, "")?,
        Value::Gap(fidelity) => lazy_leaf(graph, "gap", "unknown", *fidelity, None, "")?,
    })
}

/// Makes the object and every object that it holds through exact builtin containers.
fn make_reachable(graph: &Bound<'_, ValueGraph>, root: ObjectId) -> PyResult<()> {
    let py = graph.py();
    let this = graph.get();
    let mut to_fill = Vec::new();
    let mut immutable = Vec::new();
    let mut pending = vec![root];
    let mut seen = std::collections::HashSet::new();
    while let Some(id) = pending.pop() {
        if this.known().contains_key(&id) || !seen.insert(id) {
            continue;
        }
        let Some(object) = this.graph.objects.get(&id) else {
            continue;
        };
        let shell = if !is_exact_builtin(object) {
            lazy(graph, id)?
        } else {
            pending.extend(object.values().filter_map(reference));
            match object.kind {
                ObjectKind::Str => str_of(py, &object.text)?,
                ObjectKind::Bytes => PyBytes::new(py, &object.text).into_any(),
                ObjectKind::ByteArray => PyByteArray::new(py, &object.text).into_any(),
                ObjectKind::Tuple | ObjectKind::FrozenSet => {
                    immutable.push(id);
                    continue;
                }
                ObjectKind::List => PyList::empty(py).into_any(),
                ObjectKind::Dict => PyDict::new(py).into_any(),
                _ => PySet::empty(py)?.into_any(),
            }
        };
        if is_exact_builtin(object) {
            to_fill.push(object);
        }
        this.put(id, shell.unbind());
    }
    make_immutable(graph, &immutable)?;
    to_fill
        .into_iter()
        .try_for_each(|object| fill(graph, object))
}

/// Makes tuples and frozen sets from the inside out. Everything else that they hold exists.
fn make_immutable(graph: &Bound<'_, ValueGraph>, ids: &[ObjectId]) -> PyResult<()> {
    let this = graph.get();
    let mut path: Vec<ObjectId> = Vec::new();
    for &id in ids {
        path.push(id);
        while let Some(&top) = path.last() {
            if this.known().contains_key(&top) {
                path.pop();
                continue;
            }
            let Some(object) = this.graph.objects.get(&top) else {
                path.pop();
                continue;
            };
            let missing = object.values().filter_map(reference).find(|inner| {
                this.graph.objects.contains_key(inner) && !this.known().contains_key(inner)
            });
            match missing {
                // An immutable object inside itself (no program makes one), or very deep nesting.
                Some(inner) if path.len() >= MAX_IMMUTABLE_DEPTH || path.contains(&inner) => {
                    this.put(inner, lazy(graph, inner)?.unbind());
                }
                Some(inner) => path.push(inner),
                None => {
                    let made = immutable_of(graph, object)?;
                    this.put(top, made.unbind());
                    path.pop();
                }
            }
        }
    }
    Ok(())
}

fn immutable_of<'py>(
    graph: &Bound<'py, ValueGraph>,
    object: &Object,
) -> PyResult<Bound<'py, PyAny>> {
    let items = object.items.iter().map(|item| shallow(graph, item));
    let items = items.collect::<PyResult<Vec<_>>>()?;
    if object.kind == ObjectKind::Tuple {
        return Ok(PyTuple::new(graph.py(), items)?.into_any());
    }
    match PyFrozenSet::new(graph.py(), items) {
        Ok(set) => Ok(set.into_any()),
        // An element that cannot be hashed: no program makes such a set.
        Err(_) => lazy(graph, object.id),
    }
}

fn fill(graph: &Bound<'_, ValueGraph>, object: &Object) -> PyResult<()> {
    let Some(shell) = graph.get().get(graph.py(), object.id) else {
        return Ok(());
    };
    let shell = shell.into_bound(graph.py());
    match object.kind {
        ObjectKind::List => {
            let list = shell.cast::<PyList>()?;
            object
                .items
                .iter()
                .try_for_each(|item| list.append(shallow(graph, item)?))
        }
        ObjectKind::Set => {
            let set = shell.cast::<PySet>()?;
            object.items.iter().try_for_each(|item| {
                let element = hashable(graph, item)?;
                set.add(element)
            })
        }
        ObjectKind::Dict => {
            let dict = shell.cast::<PyDict>()?;
            object.entries.iter().try_for_each(|(key, value)| {
                dict.set_item(hashable(graph, key)?, shallow(graph, value)?)
            })
        }
        _ => Ok(()),
    }
}

/// A key or element; a lazy value where a damaged trace holds one that cannot be hashed.
fn hashable<'py>(graph: &Bound<'py, ValueGraph>, value: &Value) -> PyResult<Bound<'py, PyAny>> {
    let object = shallow(graph, value)?;
    match (object.hash(), value) {
        (Ok(_), _) => Ok(object),
        (Err(_), Value::Ref(id)) => lazy(graph, *id),
        (Err(error), _) => Err(error),
    }
}

fn is_exact_builtin(object: &Object) -> bool {
    let is_builtin = matches!(
        object.kind,
        ObjectKind::List
            | ObjectKind::Tuple
            | ObjectKind::Dict
            | ObjectKind::Set
            | ObjectKind::FrozenSet
            | ObjectKind::Str
            | ObjectKind::Bytes
            | ObjectKind::ByteArray
    );
    // Subclasses written in C (OrderedDict) are told by their name alone.
    let is_exact_type = !object.is_subclass && object.type_name == object.kind.name();
    is_builtin && is_exact_type && object.fidelity == Fidelity::Exact
}

fn reference(value: &Value) -> Option<ObjectId> {
    match value {
        Value::Ref(id) => Some(*id),
        _ => None,
    }
}

fn value_class(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    py.import("spacetimepy.values")?.getattr("Value")
}

fn lazy<'py>(graph: &Bound<'py, ValueGraph>, id: ObjectId) -> PyResult<Bound<'py, PyAny>> {
    value_class(graph.py())?.call1((graph, id.0))
}

/// A value without identity that is less than exact.
fn lazy_leaf<'py>(
    graph: &Bound<'py, ValueGraph>,
    kind: &str,
    type_name: &str,
    fidelity: Fidelity,
    real_len: Option<u64>,
    text: &str,
) -> PyResult<Bound<'py, PyAny>> {
    let facts = (
        kind,
        type_name,
        false,
        fidelity.class(),
        fidelity.reason(),
        real_len,
        text,
    );
    value_class(graph.py())?.call1((graph, graph.py().None(), facts))
}

fn int_of<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let signed = PyDict::new(py);
    signed.set_item("signed", true)?;
    let int = py.import("builtins")?.getattr("int")?;
    int.call_method(
        "from_bytes",
        (PyBytes::new(py, bytes), "little"),
        Some(&signed),
    )
}

fn str_of<'py>(py: Python<'py>, utf8: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    match std::str::from_utf8(utf8) {
        Ok(text) => Ok(PyString::new(py, text).into_any()),
        Err(_) => {
            let bytes = PyBytes::new(py, utf8);
            match bytes.call_method1("decode", ("utf-8", "surrogatepass")) {
                Ok(text) => Ok(text),
                Err(_) => bytes.call_method1("decode", ("utf-8", "replace")),
            }
        }
    }
}
