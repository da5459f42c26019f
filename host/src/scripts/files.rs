//! The files of a script: itself, those that it includes, and the library beside it.

use std::io;
use std::path::{Component, Path, PathBuf};

use gbvm_lang::diagnostic::Diagnostic;
use gbvm_lang::source::{Source, SourceKind};
use gbvm_vm::limits::Limits;
use gbvm_vm::signature::Signature;

/// The texts of a script, and what is wrong with how they name each other.
#[derive(Debug, Default)]
pub struct Files {
    /// The script itself, then what it includes, then its library.
    pub sources: Vec<Source>,
    /// Files that are not there or include each other in a circle.
    pub problems: Vec<Diagnostic>,
}

/// Reads a file's text.
pub type Read<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// Gathers what a script includes; a path is taken from the folder of the file that names it. What `read` refuses is a
/// problem at the line that asks for it.
pub fn gather(script: Source, signatures: &[Signature], read: Read<'_>) -> Files {
    let path = normal(Path::new(&*script.name));
    let mut gathering = Gathering { files: Files { sources: vec![script], problems: Vec::new() }, paths: vec![path], signatures, read };
    gathering.follow(0, &mut vec![0]);
    gathering.files
}

struct Gathering<'a> {
    files: Files,
    /// Where each source was read, to know it again.
    paths: Vec<PathBuf>,
    signatures: &'a [Signature],
    read: Read<'a>,
}

impl Gathering<'_> {
    /// Whether a path, written in the normal way, lies outside of the folder of the script itself.
    fn leaves_the_project(&self, path: &Path) -> bool {
        let below = path.strip_prefix(folder(&self.paths[0]));
        below.map_or(true, |below| below.components().next() == Some(Component::ParentDir))
    }

    /// Reads what a source includes; `chain` are the sources that led there, itself last.
    fn follow(&mut self, index: usize, chain: &mut Vec<usize>) {
        let Ok(number) = u16::try_from(index) else { return };
        let included = gbvm_lang::includes(&self.files.sources[index], number, self.signatures);
        for include in included {
            let refuse = |message: String| Diagnostic::error("E_INCLUDE", include.span, message);
            let shown = &include.path;
            if Path::new(shown.as_str()).components().any(|part| matches!(part, Component::Prefix(_) | Component::RootDir)) {
                self.files.problems.push(refuse(format!("\"{shown}\" begins at the root of the disk; write the path from this file's folder.")));
                continue;
            }
            let path = normal(&folder(&self.paths[index]).join(shown));
            if self.leaves_the_project(&path) {
                self.files.problems.push(refuse(format!("\"{shown}\" leads out of the folder of the script; move the file into it.")));
                continue;
            }
            if let Some(at) = chain.iter().position(|&link| self.paths[link] == path) {
                let names: Vec<String> = chain[at..].iter().map(|&link| self.paths[link].display().to_string()).collect();
                let message = format!("The file includes itself: {} → {}. Move what both need into a third file.", names.join(" → "), path.display());
                self.files.problems.push(refuse(message));
                continue;
            }
            if self.paths.contains(&path) {
                continue;
            }
            let most = Limits::default().files;
            if self.paths.len() >= most {
                self.files.problems.push(refuse(format!("A script has at most {most} files.")));
                return;
            }
            match (self.read)(&path) {
                Ok(text) => {
                    let next = self.paths.len();
                    self.files.sources.push(Source::new(path.display().to_string(), text).of_kind(SourceKind::Included));
                    self.paths.push(path);
                    chain.push(next);
                    self.follow(next, chain);
                    chain.pop();
                }
                Err(error) => {
                    let reason = match error.kind() {
                        io::ErrorKind::NotFound => format!("There is no file {}", path.display()),
                        _ => format!("{} cannot be read: {error}", path.display()),
                    };
                    self.files.problems.push(refuse(format!("{reason}; a path is taken from this file's folder.")));
                }
            }
        }
    }
}

/// The folder of a file.
fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

/// A path without `.` and with `..` taken back where that is possible.
pub fn normal(path: &Path) -> PathBuf {
    let mut parts: Vec<Component<'_>> = Vec::new();
    for part in path.components() {
        match (part, parts.last()) {
            (Component::CurDir, _) => {}
            (Component::ParentDir, Some(Component::Normal(_))) => drop(parts.pop()),
            (part, _) => parts.push(part),
        }
    }
    parts.into_iter().collect()
}
