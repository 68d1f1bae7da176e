//! Names of C functions, by what they do.

use rustc_hash::FxHashMap;
use std::sync::LazyLock;

/// Names of C functions and methods that change their receiver or first argument.
const MUTATORS: &[&str] = &[
    "__delattr__",
    "__delitem__",
    "__iadd__",
    "__iand__",
    "__imul__",
    "__init__",
    "__ior__",
    "__isub__",
    "__ixor__",
    "__missing__",
    "__setattr__",
    "__setitem__",
    "__setstate__",
    "_heapify_max",
    "_heappop_max",
    "_heapreplace_max",
    "add",
    "add_note",
    "append",
    "appendleft",
    "byteswap",
    "clear",
    "delattr",
    "delitem",
    "detach",
    "difference_update",
    "discard",
    "extend",
    "extendleft",
    "fill",
    "flush",
    "frombytes",
    "fromfile",
    "fromlist",
    "fromunicode",
    "getrandbits",
    "heapify",
    "heappop",
    "heappush",
    "heappushpop",
    "heapreplace",
    "iadd",
    "iand",
    "iconcat",
    "imul",
    "insert",
    "insort",
    "insort_left",
    "insort_right",
    "intersection_update",
    "ior",
    "isub",
    "itemset",
    "itruediv",
    "ixor",
    "move_to_end",
    "partition",
    "peek",
    "pop",
    "popitem",
    "popleft",
    "put",
    "random",
    "read",
    "read1",
    "readall",
    "readline",
    "readlines",
    "reconfigure",
    "release",
    "remove",
    "resize",
    "reverse",
    "rotate",
    "seed",
    "seek",
    "setattr",
    "setdefault",
    "setfield",
    "setflags",
    "setitem",
    "setstate",
    "shuffle",
    "sort",
    "symmetric_difference_update",
    "truncate",
    "update",
    "with_traceback",
    "write",
    "writelines",
];

/// Names of C functions that change what another argument refers to, or that make a generator let its
/// variables go.
const CHANGES_OTHERS: &[&str] = &[
    "__delete__",
    EXIT,
    "__set__",
    "close",
    "load",
    "loads",
    "lseek",
    "memmove",
    "memset",
    "pack_into",
    "preadv",
    "readinto",
    "readinto1",
    "readv",
    "recv_into",
    "recvfrom_into",
    "recvmsg_into",
    "throw",
];

/// Leaves a `with` block: closes a file with all that it is made of, releases a view.
pub(super) const EXIT: &str = "__exit__";

/// C types whose instances have no parts that leaving a `with` block could change.
pub(super) const LOCKS: &[&str] = &["RLock", "lock"];

/// The C function that gives out methods of its argument.
pub(super) const GETATTR: &str = "getattr";

/// C types whose instances, when called, only run code that is noticed by itself.
pub(super) const CALLABLES_IN_PYTHON: &[&str] = &["_lru_cache_wrapper", "itemgetter"];

/// Names of C functions and types that call an argument, now or later, from C.
const CALLS_ARGUMENT: &[&str] = &[
    "_lru_cache_wrapper",
    "accumulate",
    "call",
    "cmp_to_key",
    "defaultdict",
    "dropwhile",
    "filter",
    "filterfalse",
    "groupby",
    "iter",
    "map",
    "max",
    "method",
    "min",
    "partial",
    "property",
    "reduce",
    "register",
    "run",
    "sort",
    "sorted",
    "starmap",
    "sub",
    "subn",
    "takewhile",
];

/// What the tables say of a name.
#[derive(Clone, Copy, Default)]
pub(super) struct Traits {
    pub is_mutator: bool,
    pub changes_others: bool,
    pub calls_argument: bool,
}

/// Looks a name up in all tables at once: this is asked at each call of a C function that is looked at.
#[inline]
pub(super) fn traits_of(name: &str) -> Traits {
    static ALL: LazyLock<FxHashMap<&str, Traits>> = LazyLock::new(|| {
        let mut all = FxHashMap::<&str, Traits>::default();
        for name in MUTATORS {
            all.entry(name).or_default().is_mutator = true;
        }
        for name in CHANGES_OTHERS {
            all.entry(name).or_default().changes_others = true;
        }
        for name in CALLS_ARGUMENT {
            all.entry(name).or_default().calls_argument = true;
        }
        all
    });
    ALL.get(name).copied().unwrap_or_default()
}

/// Whether a C function of this name changes something.
pub fn is_mutator(name: &str) -> bool {
    traits_of(name).is_mutator
}

pub(super) fn is_harmless(name: &str) -> bool {
    let traits = traits_of(name);
    !traits.is_mutator && !traits.changes_others
}

/// Whether a C function of this name calls an argument.
pub(super) fn calls_argument(name: &str) -> bool {
    traits_of(name).calls_argument
}

/// Whether calling a C method of this name needs a look.
pub fn may_matter(name: &str) -> bool {
    !is_harmless(name) || name == GETATTR || calls_argument(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found() {
        assert!(is_mutator("append") && !is_mutator("get"));
    }
}
