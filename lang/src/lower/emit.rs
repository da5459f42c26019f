//! Builds the program: instructions with their places, constants, names, labels.

use std::hash::Hash;
use std::sync::Arc;

use gbvm_vm::isa::Instruction;
use gbvm_vm::program::*;
use gbvm_vm::signature::{Kind, Signature};
use gbvm_vm::template::Template;
use rustc_hash::FxHashMap;

/// A position in the code that is fixed later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label(u32);

/// A program under construction.
#[derive(Debug, Default)]
pub struct Emitter {
    /// What there is so far. Until a procedure ends, the targets in its code are labels.
    pub program: Program,
    /// Whether one of the program's tables is full, so that it cannot be right.
    pub is_full: bool,
    /// The first instruction of each statement that has any, in the order of the code.
    pub statements: Vec<(u32, Span)>,
    integers: FxHashMap<i64, u16>,
    floats: FxHashMap<u64, u16>,
    texts: FxHashMap<Arc<str>, u16>,
    names: FxHashMap<Arc<str>, u16>,
    shapes: FxHashMap<Vec<NameIndex>, u16>,
    imports: FxHashMap<&'static str, u16>,
    labels: Vec<Option<u32>>,
    last_bound: Option<u32>,
    /// The handlers of the procedure at hand, inner ones first.
    guards: Vec<Guard>,
    /// The first jump table of the procedure at hand.
    first_table: usize,
}

/// A handler whose positions are labels.
#[derive(Clone, Copy, Debug)]
pub struct Guard {
    /// Where what it guards begins.
    pub start: Label,
    /// Where that ends.
    pub end: Label,
    /// What it takes.
    pub takes: Takes,
    /// Where the procedure goes on.
    pub target: Label,
    /// Two registers for the error.
    pub error: Reg,
    /// Where it guards a statement of which nothing may stay when it fails: the register that counts these.
    pub count: Option<Reg>,
}

impl Emitter {
    /// Appends an instruction.
    pub fn emit(&mut self, span: Span, instruction: Instruction) {
        self.program.code.push(instruction);
        self.program.spans.push(span);
    }

    /// The position of the next instruction.
    pub fn position(&self) -> u32 {
        self.program.code.len() as u32
    }

    /// A label without a position.
    pub fn label(&mut self) -> Label {
        self.labels.push(None);
        Label(self.labels.len() as u32 - 1)
    }

    /// Gives a label the position of the next instruction.
    pub fn bind(&mut self, label: Label) {
        self.last_bound = Some(self.position());
        self.labels[label.0 as usize] = self.last_bound;
    }

    /// Gives a label the position of the next instruction; nothing jumps to it.
    pub fn mark(&mut self, label: Label) {
        self.labels[label.0 as usize] = Some(self.position());
    }

    /// Adds a handler; those for what is inside of others come first.
    pub fn guard(&mut self, guard: Guard) {
        self.guards.push(guard);
    }

    /// A jump table, whose targets are labels until the procedure ends.
    pub fn table(&mut self, table: JumpTable) -> TableIndex {
        self.program.tables.push(table);
        TableIndex(last(self.program.tables.len(), &mut self.is_full))
    }

    /// A label as a jump's target, until the procedure ends.
    pub fn target(&self, label: Label) -> Target {
        Target(label.0)
    }

    /// Whether the instruction before the next one never goes on to it, and no label stands between.
    pub fn is_unreachable(&self, entry: u32) -> bool {
        let position = self.position();
        position > entry
            && matches!(
                self.program.code.last(),
                Some(Instruction::Jump { .. } | Instruction::Switch { .. } | Instruction::Return { .. } | Instruction::Halt {} | Instruction::Throw { .. } | Instruction::Rethrow { .. })
            )
            && self.last_bound != Some(position)
    }

    /// Ends a procedure: its jumps get their positions. Gives its handlers.
    pub fn finish(&mut self, entry: u32) -> Vec<Handler> {
        let labels = std::mem::take(&mut self.labels);
        let position = |label: usize| labels[label].expect("every label that a jump names is bound before the procedure ends");
        for instruction in &mut self.program.code[entry as usize..] {
            if let Some(target) = instruction.target_mut() {
                *target = Target(position(target.at()));
            }
        }
        for table in &mut self.program.tables[self.first_table..] {
            for target in table.cases.iter_mut().map(|(_, target)| target).chain([&mut table.otherwise]) {
                *target = Target(position(target.at()));
            }
        }
        self.first_table = self.program.tables.len();
        let at = |label: Label| position(label.0 as usize);
        let handlers = self.guards.drain(..).map(|guard| Handler { start: at(guard.start), end: at(guard.end), takes: guard.takes, target: Target(at(guard.target)), error: guard.error, count: guard.count });
        handlers.filter(|handler| handler.start < handler.end).collect()
    }

    /// The constant with an integer.
    pub fn integer(&mut self, value: i64) -> ConstIndex {
        let constants = &mut self.program.constants;
        ConstIndex(interned(&mut self.integers, value, &mut self.is_full, || {
            constants.push(Constant::Int(value));
            constants.len()
        }))
    }

    /// The constant with a float.
    pub fn float(&mut self, value: f64) -> ConstIndex {
        let constants = &mut self.program.constants;
        ConstIndex(interned(&mut self.floats, value.to_bits(), &mut self.is_full, || {
            constants.push(Constant::Float(value));
            constants.len()
        }))
    }

    /// The constant with a text.
    pub fn text(&mut self, value: &str) -> ConstIndex {
        if let Some(&index) = self.texts.get(value) {
            return ConstIndex(index);
        }
        let value: Arc<str> = value.into();
        let constants = &mut self.program.constants;
        ConstIndex(interned(&mut self.texts, value.clone(), &mut self.is_full, || {
            constants.push(Constant::Text(value));
            constants.len()
        }))
    }

    /// The index of a field name.
    pub fn name(&mut self, name: &str) -> NameIndex {
        if let Some(&index) = self.names.get(name) {
            return NameIndex(index);
        }
        let name: Arc<str> = name.into();
        let names = &mut self.program.names;
        NameIndex(interned(&mut self.names, name.clone(), &mut self.is_full, || {
            names.push(name);
            names.len()
        }))
    }

    /// The shape with these fields.
    pub fn shape(&mut self, fields: Vec<NameIndex>) -> ShapeIndex {
        let shapes = &mut self.program.shapes;
        ShapeIndex(interned(&mut self.shapes, fields.clone(), &mut self.is_full, || {
            shapes.push(fields);
            shapes.len()
        }))
    }

    /// The import of a keyword or function.
    pub fn import(&mut self, signature: &Signature) -> ImportIndex {
        let imports = &mut self.program.imports;
        ImportIndex(interned(&mut self.imports, signature.phrase, &mut self.is_full, || {
            imports.push(Import { phrase: signature.phrase.into(), is_pure: signature.kind == Kind::Pure, gives_rows: signature.row_or_list });
            imports.len()
        }))
    }

    /// A new call site.
    pub fn site(&mut self, site: CallSite) -> SiteIndex {
        self.program.sites.push(site);
        SiteIndex(last(self.program.sites.len(), &mut self.is_full))
    }

    /// A new place.
    pub fn path(&mut self, path: Path) -> PathIndex {
        self.program.paths.push(path);
        PathIndex(last(self.program.paths.len(), &mut self.is_full))
    }

    /// A filter parsed while compiling.
    pub fn template(&mut self, template: Template) -> TemplateIndex {
        self.program.templates.push(template);
        TemplateIndex(last(self.program.templates.len(), &mut self.is_full))
    }

    /// A shared variable.
    pub fn global(&mut self, name: &str) -> GlobalIndex {
        self.program.globals.push(name.into());
        GlobalIndex(last(self.program.globals.len(), &mut self.is_full))
    }

    /// An inline-cache slot. Slots may be shared: when they run out, the last one is.
    pub fn cache(&mut self) -> CacheIndex {
        self.program.caches = self.program.caches.saturating_add(1);
        CacheIndex(self.program.caches - 1)
    }
}

fn last(length: usize, is_full: &mut bool) -> u16 {
    u16::try_from(length - 1).unwrap_or_else(|_| {
        *is_full = true;
        u16::MAX
    })
}

/// The index of a value, made by `push`, which gives the new length of its table, if there is none.
fn interned<K: Eq + Hash>(
    known: &mut FxHashMap<K, u16>,
    key: K,
    is_full: &mut bool,
    push: impl FnOnce() -> usize,
) -> u16 {
    *known.entry(key).or_insert_with(|| last(push(), is_full))
}
