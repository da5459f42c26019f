//! What each name means: a variable of the procedure, one of the main part, a procedure, a built-in, nobody.

use std::cell::OnceCell;
use std::rc::Rc;

use gbvm_vm::signature::{Form, Kind, Signature};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::ast::{Catch, Expression, ExpressionKind, Name, Procedure, Statement, StatementKind};
use crate::diagnostic::Diagnostic;
use crate::source::{self, Source, Span};
use crate::spelling::{self, Names};
use crate::walk::{self, WithStyle};

/// The variables that the engine sets before a run.
pub const INPUTS: [&str; 6] = ["body", "headers", "params", "method", "path", "trigger"];

/// The variable that is a run's answer.
pub const RESULT: &str = "result";

/// The methods that append to an array, in lower case.
const APPENDERS: [&str; 2] = ["add", "push"];

/// The name that is TRUE after an error, where no variable has it.
pub const ERROR: &str = "error";

/// A procedure as the later passes see it; the main part is the first one.
#[derive(Clone, Copy, Debug)]
pub struct Routine<'a> {
    /// Its name; none for the main part.
    pub name: Option<&'a Name>,
    /// Its parameters.
    pub parameters: &'a [Name],
    /// What it does.
    pub body: &'a [Statement],
    /// Whether it is a FUNCTION.
    pub is_function: bool,
    /// The line that opens it.
    pub span: Span,
}

/// Who answers a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The numbered routine.
    Procedure(usize),
    /// The numbered signature.
    Builtin(u16),
    /// Nobody.
    Nobody,
}

/// What a name in an expression means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A variable or parameter of this routine.
    Own,
    /// A variable of the main part, seen from a procedure.
    Main,
    /// A call without arguments.
    Call(Answer),
    /// Whether there was an error.
    Error,
    /// A variable that nothing ever sets.
    Unset,
}

/// Which variables a routine sets and reads.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Every name that may be a variable, once each, in the order of their first use; parameters come first.
    pub names: Vec<Name>,
    /// The names that it sets: the whole variable, or only something inside of it.
    pub assigned: FxHashMap<Rc<str>, Assigned>,
    /// The names that it reads.
    pub read: FxHashSet<Rc<str>>,
    /// The names that are the main part's here, for setting too.
    shared: Vec<Name>,
    is_shared: FxHashSet<Rc<str>>,
    /// Whether it says ON ERROR.
    pub traps_errors: bool,
    /// The functions that change their first argument.
    changers: Rc<FxHashSet<String>>,
}

/// How a variable is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Assigned {
    /// As a whole somewhere; a parameter is.
    Whole,
    /// Only fields or elements, first at this place.
    Inside(Span),
}

/// All routines of a program and what their names mean.
#[derive(Debug)]
pub struct Whole<'a> {
    /// The routines, the main part first.
    pub routines: Vec<Routine<'a>>,
    /// The scope of each.
    pub scopes: Vec<Scope>,
    /// The keywords and functions.
    pub signatures: &'a [Signature],
    declared: Vec<&'a Procedure>,
    procedures: FxHashMap<Rc<str>, usize>,
    phrases: FxHashMap<String, u16>,
    /// The names of methods, once one was sought.
    methods: OnceCell<Names<'static>>,
}

impl<'a> Whole<'a> {
    /// The program of a main part and procedures. Of procedures with the same name the first answers.
    pub fn new(main: &'a [Statement], procedures: Vec<&'a Procedure>, signatures: &'a [Signature]) -> Whole<'a> {
        let start = main.first().map_or(Span::default(), |statement| statement.span);
        let main = Routine { name: None, parameters: &[], body: main, is_function: false, span: start };
        let mut routines = vec![main];
        routines.extend(procedures.iter().map(|procedure| Routine {
            name: Some(&procedure.name),
            parameters: &procedure.parameters,
            body: &procedure.body,
            is_function: procedure.is_function,
            span: procedure.span,
        }));
        let mut by_name = FxHashMap::default();
        for (index, routine) in routines.iter().enumerate().skip(1) {
            if let Some(name) = routine.name {
                by_name.entry(name.folded.clone()).or_insert(index);
            }
        }
        let is_changer = |phrase: &str| !by_name.contains_key(phrase);
        let changers = signatures.iter().filter(|signature| signature.changes_first);
        let phrases_of = |signature: &'a Signature| std::iter::once(signature.phrase).chain(signature.aliases.iter().copied());
        let changers: FxHashSet<String> = changers.flat_map(phrases_of).map(str::to_lowercase).filter(|phrase| is_changer(phrase)).collect();
        let changers = Rc::new(changers);
        let mut scopes: Vec<Scope> = routines.iter().map(|routine| scope(routine, &changers)).collect();
        share(&mut scopes);
        Whole { routines, scopes, signatures, declared: procedures, procedures: by_name, phrases: phrases(signatures), methods: OnceCell::new() }
    }

    /// The tree of a routine other than the main part.
    pub fn procedure(&self, routine: usize) -> Option<&'a Procedure> {
        self.declared.get(routine.checked_sub(1)?).copied()
    }

    /// Who answers a call of a name.
    pub fn answer(&self, folded: &str) -> Answer {
        match (self.procedures.get(folded), self.phrases.get(folded)) {
            (Some(&procedure), _) => Answer::Procedure(procedure),
            (None, Some(&builtin)) => Answer::Builtin(builtin),
            (None, None) => Answer::Nobody,
        }
    }

    /// What a name in an expression of a routine means.
    pub fn meaning(&self, routine: usize, folded: &str) -> Meaning {
        if self.scopes[routine].assigned.contains_key(folded) {
            return Meaning::Own;
        }
        if routine > 0 && self.scopes[routine].is_shared(folded) {
            return Meaning::Main;
        }
        if folded == RESULT && self.routines[routine].is_function {
            return Meaning::Unset; // a function's result is its own
        }
        if self.scopes[0].assigned.contains_key(folded) || INPUTS.contains(&folded) {
            return if routine == 0 { Meaning::Own } else { Meaning::Main };
        }
        match self.answer(folded) {
            Answer::Procedure(index) => Meaning::Call(Answer::Procedure(index)),
            _ if folded == ERROR => Meaning::Error,
            Answer::Builtin(index) if is_constant_function(&self.signatures[usize::from(index)]) => {
                Meaning::Call(Answer::Builtin(index))
            }
            Answer::Builtin(_) | Answer::Nobody => Meaning::Unset,
        }
    }

    /// The routine whose last error ERROR means in a routine: its own where it says ON ERROR, else the main part's; none
    /// where neither does, so that there never is an error.
    pub fn error_owner(&self, routine: usize) -> Option<usize> {
        [routine, 0].into_iter().find(|owner| self.scopes[*owner].traps_errors)
    }

    /// The column that a value of a word form's filter is, if it is a name that no variable has.
    pub fn column<'e>(&self, routine: usize, value: &'e Expression) -> Option<&'e Name> {
        match &value.kind {
            ExpressionKind::Name(name) if self.meaning(routine, &name.folded) == Meaning::Unset => Some(name),
            _ => None,
        }
    }

    /// Who answers an expression that is a call, if it is one.
    pub fn callee(&self, routine: usize, expression: &Expression) -> Option<Answer> {
        match &expression.kind {
            ExpressionKind::Call { name, .. } => Some(self.answer(&name.folded)),
            ExpressionKind::Keyword { index, .. } => Some(Answer::Builtin(*index)),
            ExpressionKind::Name(name) => match self.meaning(routine, &name.folded) {
                Meaning::Call(answer) => Some(answer),
                Meaning::Own | Meaning::Main | Meaning::Error | Meaning::Unset => None,
            },
            ExpressionKind::Method { name, .. } => match self.answer(&name.folded) {
                Answer::Builtin(index) => Some(Answer::Builtin(index)),
                Answer::Procedure(_) | Answer::Nobody => None,
            },
            _ => None,
        }
    }

    /// The signature of an expression that calls a built-in, with its arguments.
    pub fn builtin<'e>(&self, routine: usize, expression: &'e Expression) -> Option<(&'a Signature, Vec<&'e Expression>)> {
        let Some(Answer::Builtin(index)) = self.callee(routine, expression) else { return None };
        Some((&self.signatures[usize::from(index)], walk::parts(expression)))
    }

    /// The method that is nearest to a name, if one is near enough to have been meant.
    pub fn near_method(&self, folded: &str) -> Option<&'static str> {
        let of_function = |signature: &Signature| std::iter::once(signature.phrase).chain(signature.aliases.iter().copied());
        let names = || {
            let functions = self.signatures.iter().filter(|signature| signature.form == Form::Function && !signature.params.is_empty());
            functions.flat_map(of_function).filter(|phrase| !phrase.contains(' ')).chain(APPENDERS).chain(["length"])
        };
        let near = self.methods.get_or_init(|| Names::new(names())).nearest(folded)?;
        let first = |word: &str| word.chars().next().map(|c| c.to_ascii_lowercase());
        (first(near) == first(folded) || spelling::distance(&near.to_lowercase(), folded) == 1).then_some(near)
    }

    /// The names of everything that could be called, for suggestions.
    pub fn callable_names(&self) -> impl Iterator<Item = &str> {
        let own = self.declared.iter().map(|procedure| &*procedure.name.text);
        let builtin = |signature: &'a Signature| std::iter::once(signature.phrase).chain(signature.aliases.iter().copied());
        own.chain(self.signatures.iter().flat_map(builtin).filter(|phrase| !phrase.contains(' ')))
    }
}

/// Whether a function takes nothing at all, so that its name alone calls it.
fn is_constant_function(signature: &Signature) -> bool {
    signature.form == Form::Function && signature.params.is_empty()
}

/// Functions by their names in lower case; keywords of one word too, where no function has the name.
fn phrases(signatures: &[Signature]) -> FxHashMap<String, u16> {
    let mut phrases = FxHashMap::default();
    for wants_function in [true, false] {
        for (index, signature) in (0..).zip(signatures) {
            if signature.kind == Kind::Declare || (signature.form == Form::Function) != wants_function {
                continue;
            }
            for phrase in std::iter::once(&signature.phrase).chain(signature.aliases) {
                if !phrase.contains(' ') {
                    phrases.entry(phrase.to_lowercase()).or_insert(index);
                }
            }
        }
    }
    phrases
}

/// Makes the names that procedures share the main part's.
fn share(scopes: &mut [Scope]) {
    let shared: Vec<Name> = scopes.iter_mut().skip(1).flat_map(|scope| {
        for name in &scope.shared {
            scope.assigned.remove(&name.folded);
        }
        scope.shared.clone()
    }).collect();
    if let Some(main) = scopes.first_mut() {
        for name in &shared {
            main.set(name, Assigned::Whole);
        }
    }
}

fn scope(routine: &Routine, changers: &Rc<FxHashSet<String>>) -> Scope {
    let mut scope = Scope { changers: changers.clone(), ..Scope::default() };
    for parameter in routine.parameters {
        scope.set(parameter, Assigned::Whole);
    }
    scope.block(routine.body);
    if routine.name.is_none() {
        walk::each_statement(routine.body, &mut |statement| {
            if let StatementKind::Return(Some(_)) = statement.kind {
                let result: Rc<str> = RESULT.into();
                scope.set(&Name { text: result.clone(), folded: result, span: statement.span }, Assigned::Whole);
            }
        });
    }
    scope
}

impl Scope {
    /// Whether a name is the main part's here by SHARED.
    pub fn is_shared(&self, folded: &str) -> bool {
        self.is_shared.contains(folded)
    }

    fn set(&mut self, name: &Name, how: Assigned) {
        self.mention(name);
        let entry = self.assigned.entry(name.folded.clone()).or_insert(how);
        if how == Assigned::Whole {
            *entry = Assigned::Whole;
        }
    }

    fn mention(&mut self, name: &Name) {
        if !self.assigned.contains_key(&name.folded) && !self.read.contains(&name.folded) {
            self.names.push(name.clone());
        }
    }

    fn reads(&mut self, expression: &Expression) {
        walk::each_part(expression, &mut |part| match &part.kind {
            ExpressionKind::Name(name) => {
                self.mention(name);
                self.read.insert(name.folded.clone());
            }
            ExpressionKind::Method { object, name, .. } if appends(name) || self.changers.contains(&*name.folded) => self.sets_inside(object),
            ExpressionKind::Call { name, arguments } if self.changers.contains(&*name.folded) => {
                arguments.iter().take(1).for_each(|place| self.sets_inside(place));
            }
            _ => {}
        });
    }

    /// Notes that a place is set; index expressions in it are read.
    fn sets(&mut self, place: &Expression) {
        match &place.kind {
            ExpressionKind::Name(name) => self.set(name, Assigned::Whole),
            ExpressionKind::Field(..) | ExpressionKind::Index(..) => {
                if let Some(name) = walk::root(place) {
                    self.set(name, Assigned::Inside(place.span));
                }
                let mut place = place;
                while let ExpressionKind::Field(object, _) | ExpressionKind::Index(object, _) = &place.kind {
                    if let ExpressionKind::Index(_, index) = &place.kind {
                        self.reads(index);
                    }
                    place = object;
                }
            }
            _ => {}
        }
    }

    /// Notes that something inside of a place is set.
    fn sets_inside(&mut self, place: &Expression) {
        match &place.kind {
            ExpressionKind::Name(name) => self.set(name, Assigned::Inside(place.span)),
            _ => self.sets(place),
        }
    }

    fn block(&mut self, block: &[Statement]) {
        for statement in block {
            self.statement(statement);
        }
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Assign { place, operator, value } | StatementKind::WithField { place, operator, value } => {
                self.reads(value);
                if operator.is_some() {
                    self.reads(place);
                }
                self.sets(place);
            }
            StatementKind::With { target, is_new, body } => {
                let bare = walk::with_style(body) == WithStyle::Bare;
                if !is_new && !bare {
                    self.reads(target);
                }
                if *is_new || bare {
                    self.sets(target);
                } else {
                    self.sets_inside(target);
                }
                for line in body {
                    match &line.kind {
                        StatementKind::Assign { value, .. } if bare => self.reads(value),
                        _ => self.statement(line),
                    }
                }
                return;
            }
            StatementKind::ForEach { variable, list, .. } => {
                self.reads(list);
                self.set(variable, Assigned::Whole);
            }
            StatementKind::Try { catch: Some(Catch { variable: Some(variable), .. }), .. } => self.set(variable, Assigned::Whole),
            StatementKind::OnError(_) => self.traps_errors = true,
            StatementKind::Shared(names) => {
                self.shared.extend(names.iter().cloned());
                self.is_shared.extend(names.iter().map(|name| name.folded.clone()));
            }
            StatementKind::For { variable, .. } => {
                for expression in walk::own_expressions(statement) {
                    self.reads(expression);
                }
                self.set(variable, Assigned::Whole);
            }
            _ => {
                for expression in walk::own_expressions(statement) {
                    self.reads(expression);
                }
            }
        }
        for block in walk::blocks(statement) {
            self.block(block);
        }
    }
}

/// Whether a block sets a variable, as a whole or inside.
pub fn sets(block: &[Statement], folded: &str) -> bool {
    let mut scope = Scope::default();
    scope.block(block);
    scope.assigned.contains_key(folded)
}

/// Whether a method changes the array it is called on.
pub fn appends(method: &Name) -> bool {
    APPENDERS.contains(&&*method.folded)
}

/// Checks the procedures of the script: no name twice, no parameter twice.
pub fn check_procedures(procedures: &[&Procedure], sources: &[Source]) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let mut seen: FxHashMap<&str, &Name> = FxHashMap::default();
    for procedure in procedures {
        let name = &procedure.name;
        match seen.get(&*name.folded) {
            Some(first) => {
                let message = format!("There is a procedure {} already, at {}.", name.text, source::place(first.span, sources));
                diagnostics.push(Diagnostic::error("E_DUPLICATE", name.span, message).with_related(first.span, "the first one"));
            }
            None => drop(seen.insert(&name.folded, name)),
        }
        let mut parameters = FxHashSet::default();
        for parameter in &procedure.parameters {
            if !parameters.insert(&*parameter.folded) {
                let message = format!("{} has two parameters called {}.", name.text, parameter.text);
                diagnostics.push(Diagnostic::error("E_DUPLICATE", parameter.span, message));
            }
        }
        walk::each_statement(&procedure.body, &mut |statement| {
            let StatementKind::Shared(names) = &statement.kind else { return };
            for name in names.iter().filter(|name| parameters.contains(&*name.folded)) {
                let message = format!("{} is a parameter of {}, so it cannot be shared with the main part; give one of them another name.", name.text, procedure.name.text);
                diagnostics.push(Diagnostic::error("E_DUPLICATE", name.span, message));
            }
        });
    }
    diagnostics
}
