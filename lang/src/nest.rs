//! Turns lines into blocks with a stack, and says which block lacks its end.

mod failures;

use std::rc::Rc;

use gbvm_vm::signature::{Kind, Signature};

use crate::ast::{
    CaseArm, CaseTest, Catch, DEPTH_MAX, Expression, ExpressionKind, Leave, LoopTest, Name, Procedure, Script, Statement,
    StatementKind,
};
use crate::diagnostic::Diagnostic;
use crate::line::{Closer, Line, LineKind};
use crate::source::Span;
use crate::spelling;

/// How deep a line stands in the blocks of its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Of the line itself.
    pub indent: u16,
    /// Of a statement in its place: more where the line closes a block or goes on to its next branch.
    pub inside: u16,
    /// Whether the lines behind it stand deeper than it does.
    pub opens_block: bool,
}

/// The tree of a file's lines; `see` is told of each item's first byte and level, and of the end as `u32::MAX`.
pub fn nest(
    lines: Vec<Line>,
    text: &str,
    signatures: &[Signature],
    diagnostics: &mut Vec<Diagnostic>,
    see: &mut dyn FnMut(u32, Level),
) -> Script {
    let line_starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at as u32 + 1)).collect();
    let mut nester = Nester { line_starts, signatures, stack: Vec::new(), script: Script::default(), unclosed_loops: Vec::new(), is_behind_doubt: false, is_cut_off: false, diagnostics };
    for line in lines {
        let ends_line = line.ends_line;
        let is_doubtful = line.is_doubtful;
        let (start, is_branch, inside) = (line.span.start, line.kind.is_branch(), nester.level());
        if !nester.line(line) {
            break;
        }
        let indent = if is_branch { inside.saturating_sub(1) } else { inside.min(nester.level()) };
        see(start, Level { indent, inside, opens_block: nester.level() > indent });
        nester.is_behind_doubt = !ends_line && (nester.is_behind_doubt || is_doubtful);
        if ends_line {
            nester.end_line();
        }
    }
    see(u32::MAX, Level { indent: 0, inside: nester.level(), opens_block: false });
    nester.close_all(None);
    nester.script
}

struct Nester<'a> {
    /// The first byte of each line: a text full of open blocks asks often for a line's number.
    line_starts: Vec<u32>,
    signatures: &'a [Signature],
    /// The open blocks, outermost first; a procedure only at the bottom.
    stack: Vec<Frame>,
    script: Script,
    /// The variables of loops whose missing NEXT was told.
    unclosed_loops: Vec<Rc<str>>,
    /// Whether something before on the same line did not parse.
    is_behind_doubt: bool,
    /// Whether it was told that nothing behind the procedures runs.
    is_cut_off: bool,
    diagnostics: &'a mut Vec<Diagnostic>,
}

/// A block whose end has not come.
struct Frame {
    block: Block,
    /// The statements of the branch that is being read.
    body: Vec<Statement>,
    /// The line that opens it.
    span: Span,
    /// An IF with its statements on the same line, whose end closes it.
    is_one_line: bool,
    /// Whether its line, or one like it inside, did not parse: a missing end is then not reported.
    is_doubtful: bool,
}

enum Block {
    If { arms: Vec<(Expression, Vec<Statement>)>, condition: Option<Expression> },
    Select { subject: Expression, is_switch: bool, arms: Vec<CaseArm>, branch: Branch },
    ForEach { variable: Name, list: Expression },
    For { variable: Name, from: Expression, to: Expression, step: Option<Expression> },
    While(Expression),
    Do(Option<LoopTest>),
    With { target: Expression, is_new: bool },
    Procedure { name: Name, parameters: Vec<Name>, is_function: bool },
    Try { body: Vec<Statement>, catch: Option<Catch>, part: TryPart },
}

/// Where a TRY stands.
enum TryPart {
    Body,
    Catch(Option<Name>, Span),
    Finally,
}

/// Where a SELECT stands.
enum Branch {
    Before,
    Case(Vec<CaseTest>, Span),
    Else,
}

impl Block {
    /// What opens it and what closes it, as the author writes them.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Block::If { .. } => ("IF", "END IF"),
            Block::Select { is_switch: false, .. } => ("SELECT CASE", "END SELECT"),
            Block::Select { is_switch: true, .. } => ("SWITCH", "END SWITCH"),
            Block::ForEach { .. } => ("FOR EACH", "NEXT"),
            Block::For { .. } => ("FOR", "NEXT"),
            Block::While(_) => ("WHILE", "WEND"),
            Block::Do(_) => ("DO", "LOOP"),
            Block::With { .. } => ("WITH", "END WITH"),
            Block::Procedure { is_function: false, .. } => ("SUB", "END SUB"),
            Block::Procedure { is_function: true, .. } => ("FUNCTION", "END FUNCTION"),
            Block::Try { .. } => ("TRY", "END TRY"),
        }
    }

    /// Everything that closes it.
    fn closers(&self) -> &'static [&'static str] {
        match self {
            Block::ForEach { .. } | Block::For { .. } => &["NEXT", "END FOR"],
            Block::While(_) => &["WEND", "END WHILE"],
            Block::If { .. } => &["END IF"],
            Block::Select { is_switch: false, .. } => &["END SELECT"],
            Block::Select { is_switch: true, .. } => &["END SWITCH"],
            Block::Do(_) => &["LOOP"],
            Block::With { .. } => &["END WITH"],
            Block::Procedure { is_function: false, .. } => &["END SUB"],
            Block::Procedure { is_function: true, .. } => &["END FUNCTION"],
            Block::Try { .. } => &["END TRY"],
        }
    }

    fn loop_variable(&self) -> Option<&Name> {
        match self {
            Block::ForEach { variable, .. } | Block::For { variable, .. } => Some(variable),
            _ => None,
        }
    }

    fn is_closed_by(&self, closer: Closer) -> bool {
        match (self, closer) {
            (Block::If { .. }, Closer::If) => true,
            (Block::Select { is_switch, .. }, Closer::Select) => !is_switch,
            (Block::Select { is_switch, .. }, Closer::Switch) => *is_switch,
            (Block::ForEach { .. } | Block::For { .. }, Closer::For) => true,
            (Block::While(_), Closer::While) => true,
            (Block::With { .. }, Closer::With) => true,
            (Block::Procedure { is_function, .. }, Closer::Sub) => !is_function,
            (Block::Procedure { is_function, .. }, Closer::Function) => *is_function,
            (Block::Try { .. }, Closer::Try) => true,
            _ => false,
        }
    }
}

impl Closer {
    /// The words of the line, and of the line it needs before it.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Closer::If => ("END IF", "IF"),
            Closer::Select => ("END SELECT", "SELECT CASE"),
            Closer::Switch => ("END SWITCH", "SWITCH"),
            Closer::For => ("END FOR", "FOR"),
            Closer::While => ("WEND", "WHILE"),
            Closer::With => ("END WITH", "WITH"),
            Closer::Sub => ("END SUB", "SUB"),
            Closer::Function => ("END FUNCTION", "FUNCTION"),
            Closer::Try => ("END TRY", "TRY"),
        }
    }
}

impl Nester<'_> {
    fn error(&mut self, span: Span, message: String) {
        self.diagnostics.push(Diagnostic::error("E_SYNTAX", span, message));
    }

    fn line_of(&self, span: Span) -> u32 {
        self.line_starts.partition_point(|start| *start <= span.start) as u32
    }

    /// Places one item; false when blocks nest too deeply to go on.
    fn line(&mut self, line: Line) -> bool {
        let Line { kind, span, ends_line, is_doubtful } = line;
        let block = match kind {
            LineKind::Simple(kind) => {
                self.statement(kind, span);
                return true;
            }
            LineKind::ElseIf(condition) => {
                self.else_if(condition, span, is_doubtful);
                return true;
            }
            LineKind::Else => {
                self.otherwise(span);
                return true;
            }
            LineKind::Case(tests) => {
                self.case(Branch::Case(tests, span), span, "CASE");
                return true;
            }
            LineKind::CaseElse => {
                self.case(Branch::Else, span, "CASE ELSE");
                return true;
            }
            LineKind::Catch(variable) => {
                self.try_part(TryPart::Catch(variable, span), span, "CATCH");
                return true;
            }
            LineKind::Finally => {
                self.try_part(TryPart::Finally, span, "FINALLY");
                return true;
            }
            LineKind::Next(name) => {
                self.next(name, span);
                return true;
            }
            LineKind::Loop(test) => {
                self.end_do(test, span);
                return true;
            }
            LineKind::End(closer) => {
                self.end(closer, span);
                return true;
            }
            LineKind::If(condition) => {
                let block = Block::If { arms: Vec::new(), condition: Some(condition) };
                return self.open(Frame { block, body: Vec::new(), span, is_one_line: !ends_line, is_doubtful });
            }
            LineKind::Select { subject, is_switch } => {
                Block::Select { subject, is_switch, arms: Vec::new(), branch: Branch::Before }
            }
            LineKind::ForEach { variable, list } => Block::ForEach { variable, list },
            LineKind::For { variable, from, to, step } => Block::For { variable, from, to, step },
            LineKind::While(condition) => Block::While(condition),
            LineKind::Do(test) => Block::Do(test),
            LineKind::With { target, is_new } => Block::With { target, is_new },
            LineKind::Try => Block::Try { body: Vec::new(), catch: None, part: TryPart::Body },
            LineKind::Procedure { name, parameters, is_function } => {
                self.close_all(Some(span));
                Block::Procedure { name, parameters, is_function }
            }
        };
        self.open(Frame { block, body: Vec::new(), span, is_one_line: false, is_doubtful })
    }

    /// How many levels of indentation are open: SELECT has one for its CASEs and one for what they do.
    fn level(&self) -> u16 {
        let width = |frame: &Frame| if matches!(frame.block, Block::Select { .. }) { 2 } else { 1 };
        self.stack.iter().map(width).sum()
    }

    fn open(&mut self, frame: Frame) -> bool {
        self.check_case(frame.span);
        if self.stack.len() < usize::from(DEPTH_MAX) {
            self.stack.push(frame);
            return true;
        }
        let message = format!("blocks nest more than {DEPTH_MAX} deep here; move the inner ones to a SUB");
        self.diagnostics.push(Diagnostic::error("E_DEPTH", frame.span, message));
        for frame in &mut self.stack {
            frame.is_doubtful = true;
        }
        false
    }

    /// The end of a line closes the IFs that began on it with their statements.
    fn end_line(&mut self) {
        while self.stack.last().is_some_and(|frame| frame.is_one_line) {
            self.pop();
        }
    }

    fn statement(&mut self, kind: StatementKind, span: Span) {
        if matches!(kind, StatementKind::Invalid) {
            if let Some(frame) = self.stack.last_mut() {
                // What failed may have been the end of this block.
                frame.is_doubtful = true;
            }
        } else {
            self.check_case(span);
        }
        let kind = match kind {
            StatementKind::Leave(leave) if !self.can_leave(leave, span) => StatementKind::Invalid,
            StatementKind::Return(_) if self.leaves_finally(|_| false, span, "RETURN") => StatementKind::Invalid,
            StatementKind::OnError(_) if self.is_inside_try(span) => StatementKind::Invalid,
            StatementKind::Shared(_) if self.is_outside_procedure(span) => StatementKind::Invalid,
            kind => kind,
        };
        self.add(Statement { kind, span });
    }

    fn add(&mut self, statement: Statement) {
        let is_reached = self.script.procedures.is_empty() || self.declares(&statement);
        match self.stack.last_mut() {
            Some(frame) => frame.body.push(statement),
            None if is_reached => self.script.main.push(statement),
            None if self.is_cut_off => {}
            None => {
                self.is_cut_off = true;
                let message = "this is never reached: the main part ends where the first SUB or FUNCTION begins. Move it above them";
                self.diagnostics.push(Diagnostic::warning("W_UNREACHABLE", statement.span, message));
            }
        }
    }

    /// Whether a statement is read without running anything, so that its place does not matter.
    fn declares(&self, statement: &Statement) -> bool {
        match &statement.kind {
            StatementKind::Expression(Expression { kind: ExpressionKind::Keyword { index, .. }, .. }) => {
                self.signatures.get(usize::from(*index)).is_some_and(|signature| signature.kind == Kind::Declare)
            }
            StatementKind::Invalid => true,
            _ => false,
        }
    }

    /// Between SELECT and its first CASE nothing can stand.
    fn check_case(&mut self, span: Span) {
        let Some(Frame { block: Block::Select { branch: branch @ Branch::Before, .. }, is_doubtful, .. }) =
            self.stack.last_mut()
        else {
            return;
        };
        let is_doubtful = *is_doubtful;
        *branch = Branch::Case(Vec::new(), span);
        if !is_doubtful {
            self.error(span, "this stands between SELECT CASE and its first CASE, so it belongs to none".to_string());
        }
    }

    fn can_leave(&mut self, leave: Leave, span: Span) -> bool {
        let (words, block) = match leave {
            Leave::Run => return !self.leaves_finally(|_| false, span, "EXIT, END and STOP"),
            Leave::For => ("EXIT FOR", "FOR"),
            Leave::Do => ("EXIT DO", "DO"),
            Leave::While => ("EXIT WHILE", "WHILE"),
            Leave::Procedure => ("EXIT SUB and EXIT FUNCTION", "SUB or FUNCTION"),
            Leave::ContinueFor => ("CONTINUE FOR", "FOR"),
            Leave::ContinueDo => ("CONTINUE DO", "DO"),
            Leave::ContinueWhile => ("CONTINUE WHILE", "WHILE"),
        };
        let is_left = |block: &Block| match leave {
            Leave::Run => true,
            Leave::For | Leave::ContinueFor => matches!(block, Block::ForEach { .. } | Block::For { .. }),
            Leave::Do | Leave::ContinueDo => matches!(block, Block::Do(_)),
            Leave::While | Leave::ContinueWhile => matches!(block, Block::While(_)),
            Leave::Procedure => matches!(block, Block::Procedure { .. }),
        };
        let is_inside = self.stack.iter().any(|frame| is_left(&frame.block));
        if !is_inside {
            let verb = if leave == Leave::Procedure { "stand" } else { "stands" };
            self.error(span, format!("{words} {verb} only inside {block}; to end the run write EXIT alone"));
        }
        is_inside && !self.leaves_finally(is_left, span, words)
    }

    /// Closes the blocks above the innermost one that fits, reporting each; false if none fits.
    fn unwind_to(&mut self, here: Span, fits: impl Fn(&Block) -> bool) -> bool {
        let Some(at) = self.stack.iter().rposition(|frame| fits(&frame.block)) else { return false };
        while self.stack.len() > at + 1 {
            self.report_open(Some(here));
            self.pop();
        }
        true
    }

    /// Closes everything, at the end of the text or where a procedure begins.
    fn close_all(&mut self, here: Option<Span>) {
        while !self.stack.is_empty() {
            self.report_open(here);
            self.pop();
        }
    }

    /// Says that the innermost block has no end.
    fn report_open(&mut self, here: Option<Span>) {
        let Some(frame) = self.stack.last() else { return };
        if frame.is_doubtful || frame.is_one_line {
            return;
        }
        let (opener, closer) = frame.block.words();
        let span = frame.span;
        let line = self.line_of(span);
        let misspelt = frame.block.closers().iter().find_map(|closer| Some((*closer, misspelt(&frame.body, closer)?)));
        let mut message = format!("the {opener} opened at line {line} has no {closer}");
        if let Block::ForEach { variable, .. } | Block::For { variable, .. } = &frame.block {
            self.unclosed_loops.push(variable.folded.clone());
        }
        match misspelt {
            Some((closer, (written, at))) => {
                message += &format!(". Did you mean {closer} where line {} says {written}?", self.line_of(at));
            }
            None if here.is_some() => message += &format!(" before this; write {closer} where its block ends"),
            None => message += &format!("; write {closer} where its block ends"),
        }
        let diagnostic = match here {
            Some(here) => Diagnostic::error("E_SYNTAX", here, message).with_related(span, format!("the {opener}")),
            None => Diagnostic::error("E_SYNTAX", span, message),
        };
        self.diagnostics.push(diagnostic);
    }

    /// Says that a closing line closes nothing.
    fn stray(&mut self, span: Span, closer: &str, opener: &str) {
        if self.is_behind_doubt || self.stack.iter().any(|frame| frame.is_doubtful) {
            return;
        }
        let body = self.stack.last().map_or(&self.script.main, |frame| &frame.body);
        // A loop over a list is opened by two words.
        let openers = if opener == "FOR" { &[opener, "FOR EACH"][..] } else { &[opener] };
        let message = match openers.iter().find_map(|opener| Some((*opener, misspelt(body, opener)?))) {
            Some((opener, (written, at))) => {
                format!("{closer} has no {opener} before it. Did you mean {opener} where line {} says {written}?", self.line_of(at))
            }
            None => match self.stack.last() {
                Some(frame) => format!(
                    "{closer} has no {opener} before it: what is open here is the {} of line {}",
                    frame.block.words().0,
                    self.line_of(frame.span)
                ),
                None if closer == "END IF" && ends_with_else_if(body) => {
                    format!("{closer} has no {opener} before it: ELSE IF goes on with the same IF, so one END IF closes it. Delete this line")
                }
                None => format!("{closer} has no {opener} before it: delete it, or write the {opener} that it belongs to"),
            },
        };
        self.error(span, message);
    }

    fn end(&mut self, closer: Closer, span: Span) {
        if self.unwind_to(span, |block| block.is_closed_by(closer)) {
            self.check_try();
            self.pop();
            return;
        }
        let (words, opener) = closer.words();
        // END SUB closes a FUNCTION too, once it is said.
        if matches!(closer, Closer::Sub | Closer::Function)
            && self.unwind_to(span, |block| matches!(block, Block::Procedure { .. }))
        {
            let other = if closer == Closer::Sub { "END FUNCTION" } else { "END SUB" };
            let related = self.stack.last().map(|frame| frame.span);
            let mut diagnostic = Diagnostic::error("E_SYNTAX", span, format!("{words} stands where {other} is wanted"));
            diagnostic.related = related.map(|span| (span, "what it would close".to_string()));
            self.diagnostics.push(diagnostic);
            self.pop();
            return;
        }
        self.stray(span, words, opener);
    }

    fn else_if(&mut self, next: Expression, span: Span, is_doubtful: bool) {
        if !self.unwind_to(span, |block| matches!(block, Block::If { .. })) {
            // Its own END IF may follow.
            self.stray(span, "ELSE IF", "IF");
            return;
        }
        let Some(frame) = self.stack.last_mut() else { return };
        frame.is_doubtful |= is_doubtful;
        let body = std::mem::take(&mut frame.body);
        let Block::If { arms, condition } = &mut frame.block else { return };
        match condition.replace(next) {
            Some(condition) => arms.push((condition, body)),
            None => {
                frame.body = body;
                if let Block::If { condition, .. } = &mut frame.block {
                    *condition = None;
                }
                self.error(span, "ELSE IF stands behind ELSE of the same IF; ELSE comes last".to_string());
            }
        }
    }

    fn otherwise(&mut self, span: Span) {
        if !self.unwind_to(span, |block| matches!(block, Block::If { .. })) {
            self.stray(span, "ELSE", "IF");
            return;
        }
        let Some(frame) = self.stack.last_mut() else { return };
        let Block::If { arms, condition } = &mut frame.block else { return };
        match condition.take() {
            Some(condition) => arms.push((condition, std::mem::take(&mut frame.body))),
            None => self.error(span, "this IF has an ELSE already".to_string()),
        }
    }

    fn case(&mut self, next: Branch, span: Span, words: &str) {
        if !self.unwind_to(span, |block| matches!(block, Block::Select { .. })) {
            self.stray(span, words, "SELECT CASE");
            return;
        }
        let Some(frame) = self.stack.last_mut() else { return };
        let body = std::mem::take(&mut frame.body);
        let Block::Select { arms, branch, .. } = &mut frame.block else { return };
        match std::mem::replace(branch, next) {
            Branch::Before => {}
            Branch::Case(tests, span) => arms.push(CaseArm { tests, body, span }),
            Branch::Else => {
                *branch = Branch::Else;
                frame.body = body;
                self.error(span, format!("{words} stands behind CASE ELSE; CASE ELSE comes last, once"));
            }
        }
    }

    fn next(&mut self, name: Option<Name>, span: Span) {
        if let Some(name) = &name {
            let is_it = |block: &Block| block.loop_variable().is_some_and(|variable| variable.folded == name.folded);
            if self.unwind_to(span, is_it) {
                self.pop();
                return;
            }
        }
        if !self.unwind_to(span, |block| block.loop_variable().is_some()) {
            // Loops that are closed crosswise are one mistake.
            let is_told = name.as_ref().is_some_and(|name| self.unclosed_loops.contains(&name.folded));
            if !is_told {
                self.stray(span, "NEXT", "FOR");
            }
            return;
        }
        if let (Some(name), Some(frame)) = (name, self.stack.last())
            && let Some(variable) = frame.block.loop_variable()
            && !frame.is_doubtful
        {
            let message = format!("NEXT {} closes the loop over {}; write NEXT {} or NEXT alone", name.text, variable.text, variable.text);
            let opener = frame.span;
            self.diagnostics.push(Diagnostic::error("E_SYNTAX", span, message).with_related(opener, "the loop"));
        }
        self.pop();
    }

    fn end_do(&mut self, test: Option<LoopTest>, span: Span) {
        if !self.unwind_to(span, |block| matches!(block, Block::Do(_))) {
            self.stray(span, "LOOP", "DO");
            return;
        }
        self.close(test);
    }

    fn pop(&mut self) {
        self.close(None);
    }

    /// Takes the innermost block from the stack and puts it into the one around it.
    fn close(&mut self, bottom: Option<LoopTest>) {
        let Some(frame) = self.stack.pop() else { return };
        let Frame { block, body, span, .. } = frame;
        let kind = match block {
            Block::If { mut arms, condition } => match condition {
                Some(condition) => {
                    arms.push((condition, body));
                    StatementKind::If { arms, otherwise: None }
                }
                None => StatementKind::If { arms, otherwise: Some(body) },
            },
            Block::Select { subject, mut arms, branch, .. } => match branch {
                Branch::Before => StatementKind::Select { subject, arms, otherwise: None },
                Branch::Case(tests, span) => {
                    arms.push(CaseArm { tests, body, span });
                    StatementKind::Select { subject, arms, otherwise: None }
                }
                Branch::Else => StatementKind::Select { subject, arms, otherwise: Some(body) },
            },
            Block::ForEach { variable, list } => StatementKind::ForEach { variable, list, body },
            Block::For { variable, from, to, step } => StatementKind::For { variable, from, to, step, body },
            Block::While(condition) => StatementKind::While { condition, body },
            Block::Do(top) => StatementKind::Do { top, bottom, body },
            Block::With { target, is_new } => StatementKind::With { target, is_new, body },
            Block::Try { body: before, catch, part } => match part {
                TryPart::Body => StatementKind::Try { body, catch, finally: None },
                TryPart::Catch(variable, span) => StatementKind::Try { body: before, catch: Some(Catch { variable, body, span }), finally: None },
                TryPart::Finally => StatementKind::Try { body: before, catch, finally: Some(body) },
            },
            Block::Procedure { name, parameters, is_function } => {
                self.script.procedures.push(Procedure { name, parameters, body, is_function, span });
                return;
            }
        };
        self.add(Statement { kind, span });
    }
}

/// Whether the last statement is an IF with several conditions.
fn ends_with_else_if(body: &[Statement]) -> bool {
    matches!(body.last(), Some(Statement { kind: StatementKind::If { arms, .. }, .. }) if arms.len() > 1)
}

/// A call in a block whose name is nearly a word of structure: how it is written, and where.
fn misspelt(body: &[Statement], word: &str) -> Option<(String, Span)> {
    let squeezed = word.replace(' ', "");
    body.iter().rev().find_map(|statement| match &statement.kind {
        StatementKind::Expression(Expression { kind: ExpressionKind::Call { name, .. }, .. }) => {
            let is_near = |word: &str| spelling::nearest(&name.text, [word]).is_some();
            let is_squeezed = name.folded.eq_ignore_ascii_case(&squeezed);
            let first = word.split(' ').next().unwrap_or(word);
            let is_first = first != "END" && first != word && (is_near(first) || name.folded.eq_ignore_ascii_case(first));
            (is_near(word) || is_squeezed && squeezed != word || is_near(&squeezed) || is_first)
                .then(|| (name.text.to_string(), name.span))
        }
        _ => None,
    })
}
