//! The code that ran: its source, its place, and the names of its variables.

/// The source of a function or module body as it ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct CodeVersion {
    /// `co_name`.
    pub name: String,
    /// `co_qualname`; `<module>` for a module body.
    pub qualname: String,
    /// The file, as an absolute path where there is one; else what the program says, as
    /// `<string>`.
    pub file: String,
    /// `co_firstlineno`: the line of the file on which `text` begins. Lines of states count as the
    /// file's lines do.
    pub first_line: u32,
    /// The source of this function (from its first decorator to its end) or of the whole module.
    /// Empty where no source could be found.
    pub text: String,
    /// The hash of the code as it ran, in hexadecimal; equal for equal source and bytecode.
    pub hash: String,
    /// Local variables in the order of `localsplus`.
    pub slots: Vec<Slot>,
    /// How arguments are passed.
    pub signature: Signature,
    /// The global names to which the code refers; the locals of module and class bodies are looked
    /// up among them too.
    pub global_names: Vec<String>,
    /// The hash of the whole file at that time, in hexadecimal.
    pub file_version: Option<String>,
    /// The git commit checked out where the file lies.
    pub commit: Option<String>,
}

/// A local variable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Slot {
    /// As written in the source; hidden names begin with a dot.
    pub name: String,
    /// How the function holds it.
    pub kind: SlotKind,
}

/// How a function holds a local variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SlotKind {
    /// A plain local (parameters too).
    Local,
    /// A local shared with inner functions (parameters too).
    Cell,
    /// A variable of an outer function.
    Free,
}

/// How arguments are passed: the first slots are the parameters, in the order of these fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Signature {
    /// Parameters by position only (the first of the positional ones).
    pub n_positional_only: u32,
    /// All parameters that may be passed by position (`co_argcount`).
    pub n_positional: u32,
    /// Parameters by name only.
    pub n_keyword_only: u32,
    /// `*args` follows.
    pub has_varargs: bool,
    /// `**kwargs` follows.
    pub has_varkeywords: bool,
}

impl Signature {
    /// The number of leading slots that are parameters.
    pub fn n_parameters(&self) -> usize {
        self.n_positional as usize
            + self.n_keyword_only as usize
            + usize::from(self.has_varargs)
            + usize::from(self.has_varkeywords)
    }
}

impl CodeVersion {
    /// Whether this is the body of a module.
    pub fn is_module(&self) -> bool {
        self.name == "<module>"
    }

    /// The source text of a line of the file, if it lies in this code.
    pub fn line(&self, line: u32) -> Option<&str> {
        let index = line.checked_sub(self.first_line)?;
        self.text.lines().nth(index as usize)
    }
}
