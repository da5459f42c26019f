//! FOR EACH directly over a keyword that gives rows: the rows are read page by page while the loop goes on.

use gbvm_vm::isa::Instruction;
use gbvm_vm::program::{ArgumentSite, CallSite, Reg, Span, Wanted};

use super::{LoopKind, Lowering};
use crate::ast::{Expression, Name, Statement};

impl Lowering<'_> {
    /// Whether a loop goes directly over the rows of this keyword.
    pub(super) fn goes_by_pages(&self, list: &Expression) -> bool {
        self.facts.rows.get(&list.span) == Some(&Wanted::Pages)
    }

    /// Two loops, one in the other: over the pages, each of which is asked for by a second call of the keyword, and
    /// over the rows of a page. For the script they are one.
    pub(super) fn for_each_by_pages(&mut self, variable: &Name, list: &Expression, body: &[Statement], span: Span) {
        let Some((signature, _)) = self.whole.builtin(self.routine, list) else { return };
        let pages = self.registers.temporary();
        self.registers.temporary();
        let rows = self.registers.temporary();
        self.registers.temporary();
        let window: Vec<Reg> = signature.params.iter().map(|_| self.registers.temporary()).collect();
        let [page, rest @ ..] = &window[..] else { return };
        let (element, shared) = self.loop_variable(variable);
        let mark = self.registers.mark();
        self.head(span, &[list], |this| {
            this.compute_once(&[list]);
            let found = this.operand(list);
            this.emit(span, Instruction::EachPrepare { iterator: pages, list: found });
        });
        self.registers.release(mark);
        let (start, go_on, leave) = self.enter(LoopKind::For);
        let (page_start, next_page) = (self.emit.label(), self.emit.label());
        self.jump(next_page, span);

        self.emit.bind(page_start);
        for argument in rest {
            self.emit(list.span, Instruction::LoadMissing { dst: *argument });
        }
        let import = self.emit.import(signature);
        let arguments = window.iter().map(|_| ArgumentSite { span: list.span, name: "".into(), template: None }).collect();
        let site = self.emit.site(CallSite { import, wanted: Wanted::Page, arguments });
        self.emit(list.span, Instruction::CallHost { dst: *page, first: *page, site });
        self.emit(list.span, Instruction::EachPrepare { iterator: rows, list: *page });
        self.jump(go_on, span);
        self.emit.bind(start);
        self.loop_body(element, shared.as_ref(), body, span);
        self.emit.bind(go_on);
        let target = self.emit.target(start);
        self.emit(span, Instruction::EachLoop { iterator: rows, variable: element, body: target });

        self.emit.bind(next_page);
        let target = self.emit.target(page_start);
        self.emit(span, Instruction::EachLoop { iterator: pages, variable: *page, body: target });
        self.emit.bind(leave);
        self.loops.pop();
    }
}
