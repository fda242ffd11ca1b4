// SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note

//! The interface as data, for the program that makes calls at random: `tests/guest/fuzz_abi.h`.
//!
//! What a field is comes from what its documentation says of it, and which errors a request has from
//! its entry in `docs/ABI/testing/dev-milspec`. So what a program is told is what people are told, and
//! a new field is in the description or the test fails.

use crate::generate::{source, Names, FILES};
use crate::page::{entries, items, root, text, words, Item};
use crate::{layouts, updates, Layout};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;

const PATH: &str = "tests/guest/fuzz_abi.h";

const HEAD: &str = "\
/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Generated from driver/uapi and docs/ABI/testing by the tests of milspec-uapi: do not edit.
 * UPDATE_HEADER=1 cargo test -p milspec-uapi writes it anew.
 */
#include <errno.h>

#include \"dell_milspec.h\"

enum fuzz_kind {
	FUZZ_SIZE,	 /* of the whole structure */
	FUZZ_RESERVED,	 /* zero */
	FUZZ_BITS,	 /* of `numbers` */
	FUZZ_NAMED,	 /* one of `numbers` */
	FUZZ_ID,	 /* of a control, or 0 */
	FUZZ_INDEX,	 /* of a value of a control */
	FUZZ_ERRNO,	 /* positive, or 0 */
	FUZZ_KEY,
	FUZZ_GENERATION,
	FUZZ_ADDRESS,	 /* of an array: `number` and `stride` are the fields that belong to it */
	FUZZ_STRIDE,
	FUZZ_NUMBER,
	FUZZ_BYTES,
	FUZZ_STRUCT,	 /* `of` */
};

struct fuzz_type;

struct fuzz_field {
	const char *name;
	unsigned short offset, width, count;
	unsigned char kind;
	unsigned char asked;	/* the driver reads it */
	unsigned char answered; /* the driver writes it */
	const unsigned int *numbers;
	unsigned short number_count;
	const struct fuzz_type *of;
	signed char number, stride;
	unsigned int most; /* elements, 0 for any number */
};

struct fuzz_type {
	const char *name;
	unsigned int size, size_min;
	const struct fuzz_field *fields;
	unsigned int field_count;
};

struct fuzz_request {
	const char *name;
	unsigned int number;
	const struct fuzz_type *type;
	const int *errors;
	unsigned int error_count;
};

#define FUZZ_COUNT(array) (sizeof(array) / sizeof((array)[0]))

";

/// What arrays there are: how the documentation of an address names an element, what it is in C, and
/// the constant that says how many there may be.
const ARRAYS: [(&str, &str, &str); 5] = [
    ("milspec_target", "&fuzz_target", "MILSPEC_TARGETS_MAX"),
    ("milspec_step", "&fuzz_step", "MILSPEC_STEPS_MAX"),
    ("milspec_control", "&fuzz_control", "0"),
    ("DESCRIBE", "0", "MILSPEC_TRAINING_DEVICES_MAX"),
    ("SMBIOS", "0", "MILSPEC_TRAINING_TOKENS_MAX"),
];

/// Structures of no request: those that the driver reads, and those that it writes.
const READ: [&str; 1] = ["milspec_target"];
const WRITTEN: [&str; 5] = [
    "milspec_family_status",
    "milspec_control_value",
    "milspec_control",
    "milspec_step",
    "milspec_event",
];

/// `milspec_family_status` to `fuzz_family_status`.
fn variable(name: &str) -> String {
    name.replacen("milspec_", "fuzz_", 1)
}

/// A constant with a value: its name, its value and what is said of it.
struct Constant {
    name: String,
    value: String,
    prose: String,
}

struct Source {
    names: Names,
    texts: Vec<String>,
    constants: Vec<Constant>,
}

impl Source {
    fn read() -> Self {
        let texts: Vec<String> = FILES.iter().map(|file| source(file)).collect();
        let names = Names::of(&texts);
        let mut constants = Vec::new();
        for item in texts.iter().flat_map(|text| items(text, &names)) {
            let constant = item.line.strip_prefix("pub const ");
            let parts = constant.and_then(|rest| rest.strip_suffix(';')?.split_once(" = "));
            if let Some((declared, value)) = parts {
                constants.push(Constant {
                    name: declared.split(':').next().unwrap_or_default().to_string(),
                    value: value.to_string(),
                    prose: item.prose,
                });
            }
        }
        Self {
            names,
            texts,
            constants,
        }
    }

    /// What is said of a structure, and its fields.
    fn structure(&self, c: &str) -> (String, Vec<Item>) {
        let rust = self
            .names
            .rust(c)
            .unwrap_or_else(|| panic!("no source of {c}"));
        let start = format!("pub struct {rust} {{");
        let text = self.texts.iter().find(|text| text.contains(&start));
        let (before, after) = text.unwrap().split_once(&start).unwrap();
        let about = items(&format!("{before}\n"), &self.names);
        let body = after.split_once("\n}").map_or("", |(body, _)| body);
        let fields = items(
            body.split_once('\n').map_or("", |(_, body)| body),
            &self.names,
        );
        let prose = about.last().map(|item| item.prose.clone());
        (prose.unwrap_or_default(), fields)
    }

    /// Names of the constants with a prefix that a field speaks of: those that name the field, where
    /// there are some, else all that name any field.
    fn group(&self, prefix: &str, field: &str) -> Vec<&str> {
        let all = || {
            self.constants
                .iter()
                .filter(|c| c.name.starts_with(prefix) && names_field(&c.prose))
        };
        let tagged = |c: &&Constant| c.prose.split([':', ',']).next() == Some(field);
        let group: Vec<&str> = match all().any(|c| tagged(&c)) {
            true => all().filter(tagged).map(|c| c.name.as_str()).collect(),
            false => all().map(|c| c.name.as_str()).collect(),
        };
        assert!(!group.is_empty(), "{field}: no constant {prefix}");
        for name in &group {
            let constant = self.constants.iter().find(|c| c.name == *name).unwrap();
            assert!(!constant.value.is_empty());
        }
        group
    }
}

/// `milspec_status.properties: latched`, and not `Most steps`.
fn names_field(prose: &str) -> bool {
    prose.starts_with("milspec_") && prose.split(':').next().unwrap_or("").contains('.')
}

/// The prefix in `MILSPEC_MODE_ number`.
fn prefix<'a>(prose: &'a str, word: &str) -> Option<&'a str> {
    let (before, _) = prose.split_once(&format!("_ {word}"))?;
    let at = before.rfind("MILSPEC_")?;
    let name = &prose[at + "MILSPEC_".len()..before.len() + 1];
    name.chars()
        .all(|c| c.is_ascii_uppercase() || c == '_')
        .then_some(name)
}

/// What a field is.
struct Kind {
    word: &'static str,
    numbers: Vec<String>,
    array: Option<(&'static str, &'static str)>,
}

impl Kind {
    fn of(source: &Source, c: &str, field: &str, declared: &str, prose: &str) -> Self {
        let plain = |word| Self {
            word,
            numbers: Vec::new(),
            array: None,
        };
        let listed = |word, numbers: Vec<&str>| Self {
            word,
            numbers: numbers.iter().map(|n| format!("MILSPEC_{n}")).collect(),
            array: None,
        };
        let full = format!("{c}.{field}");
        // Of the last of several sentences that begin with "Out:" what counts is what is answered.
        let answer = prose
            .rsplit_once("Out: ")
            .map_or(prose, |(_, answer)| answer);
        let answer = answer.trim_start_matches("Answer: ");
        let or_zero = answer
            .split_once(" or 0.")
            .and_then(|(name, _)| name.strip_prefix("MILSPEC_"));
        if c == "milspec_head" && field == "size" {
            plain("SIZE")
        } else if field.starts_with("reserved") || prose.contains("None defined: zero") {
            assert!(
                prose == "Zero." || field == "flags",
                "{full}: \"{prose}\" is not zero"
            );
            plain("RESERVED")
        } else if declared == "Head"
            || declared.contains(char::is_uppercase) && !is_array(declared)
            || declared.starts_with("[ControlValue")
        {
            plain("STRUCT")
        } else if let Some(prefix) = prefix(prose, "bits") {
            listed("BITS", source.group(prefix, &full))
        } else if let Some(name) = or_zero {
            listed("BITS", vec![name])
        } else if let Some(prefix) = prefix(prose, "number") {
            listed("NAMED", source.group(prefix, &full))
        } else if let Some(names) = prose.strip_prefix("One of ") {
            let names = names.trim_end_matches('.').split(", ");
            listed(
                "NAMED",
                names.filter_map(|n| n.strip_prefix("MILSPEC_")).collect(),
            )
        } else if prose.contains("address of") {
            let mut arrays = ARRAYS.iter();
            let array = arrays.find(|(said, ..)| words_contain(prose, said));
            let (_, of, most) = array.unwrap_or_else(|| panic!("{full}: an array of what?"));
            Self {
                array: Some((of, most)),
                ..plain("ADDRESS")
            }
        } else if field.ends_with("stride") {
            plain("STRIDE")
        } else if field == "id"
            || prose.contains("milspec_control.id")
            || prose.to_lowercase().contains("id of the control")
            || prose.contains("d of the other control")
        {
            plain("ID")
        } else if prose.starts_with("Index")
            || prose.starts_with("MILSPEC_TRAINING_INJECT: index")
            || prose.starts_with("milspec_control.value")
        {
            plain("INDEX")
        } else if prose.to_lowercase().contains("positive errno") {
            plain("ERRNO")
        } else if prose.contains("security key that") {
            plain("KEY")
        } else if field == "generation" {
            plain("GENERATION")
        } else if is_array(declared) && declared.starts_with("[u8;") {
            plain("BYTES")
        } else {
            plain("NUMBER")
        }
    }
}

fn is_array(declared: &str) -> bool {
    declared.starts_with('[')
}

fn words_contain(prose: &str, word: &str) -> bool {
    let mut words = prose.split(|c: char| !c.is_alphanumeric() && c != '_');
    words.any(|found| found == word || found == format!("{word}s"))
}

/// The size of one element of a field.
fn width(declared: &str, size: usize) -> usize {
    let inner = declared.trim_start_matches('[').split(';').next();
    match inner.unwrap_or_default() {
        "u8" => 1,
        "u16" => 2,
        "u32" => 4,
        "u64" => 8,
        "ControlValue" => size_of::<milspec_uapi::ControlValue>(),
        _ => size,
    }
}

/// The requests that a structure is of: what is said of it begins with "Answer of" or "Request and
/// answer of".
fn requests_of(about: &str) -> Vec<String> {
    let first = about.split('.').next().unwrap_or_default();
    match first.contains("nswer of ") {
        true => words(first, "MILSPEC_IOC_").into_iter().collect(),
        false => Vec::new(),
    }
}

/// The structures, and which one each request has.
fn types(source: &Source) -> (String, BTreeMap<String, String>) {
    let mut text = String::new();
    let mut requests = BTreeMap::new();
    for Layout { name, size, fields } in inner_first(layouts()) {
        let (about, documented) = source.structure(name);
        let of = requests_of(&about);
        let (both, answer) = (about.starts_with("Request and answer"), !of.is_empty());
        let known = [READ.as_slice(), &WRITTEN, &["milspec_head"]].concat();
        assert!(
            answer != known.contains(&name),
            "{name}: does the driver read it, or write it?"
        );
        for request in of {
            requests.insert(request, variable(name));
        }
        let mut rows = String::new();
        for (field, offset, size) in &fields {
            let start = format!("pub {field}: ");
            let mut all = documented.iter();
            let item = all.find(|item| item.line.starts_with(&start)).unwrap();
            let declared = item.line[start.len()..].trim_end_matches(',');
            let prose = item.prose.replace("struct ", "");
            let kind = Kind::of(source, name, field, declared, &prose);
            let tells = prose.contains("Out") || prose.contains("Answer:");
            let zero = kind.word == "RESERVED";
            let asked = if both {
                zero || !tells || prose.contains("In:")
            } else {
                READ.contains(&name) || name == "milspec_head"
            };
            let answered = if both {
                zero || tells
            } else {
                answer || WRITTEN.contains(&name)
            };
            let width = width(declared, *size);
            let count = size / width;
            write!(
                rows,
                "\t{{ .name = \"{field}\", .offset = {offset}, .width = {width}, .count = {count}, \
                 .kind = FUZZ_{}",
                kind.word
            )
            .unwrap();
            for (flag, set) in [("asked", asked), ("answered", answered)] {
                if set {
                    write!(rows, ", .{flag} = 1").unwrap();
                }
            }
            if !kind.numbers.is_empty() {
                let numbers = format!("{}_{field}", variable(name));
                text.push_str(&list("unsigned int", &numbers, &kind.numbers));
                write!(
                    rows,
                    ",\n\t  .numbers = {numbers}, .number_count = FUZZ_COUNT({numbers})"
                )
                .unwrap();
            }
            if kind.word == "STRUCT" {
                let inner = source.names.c(declared.trim_matches(['[', ']']));
                write!(rows, ",\n\t  .of = &{}", variable(&inner)).unwrap();
            }
            if let Some((of, most)) = kind.array {
                let [number, stride] = companions(field, &fields);
                write!(
                    rows,
                    ",\n\t  .of = {of}, .number = {number}, .stride = {stride}, .most = {most}"
                )
                .unwrap();
            }
            rows.push_str(" },\n");
        }
        let name = variable(name);
        let min = match answer || ["fuzz_target", "fuzz_step", "fuzz_control"].contains(&&*name) {
            true => format!(
                "{}_SIZE_MIN",
                name.replacen("fuzz", "milspec", 1).to_uppercase()
            ),
            false => size.to_string(),
        };
        write!(
            text,
            "static const struct fuzz_field {name}_fields[] = {{\n{rows}}};\n\
             static const struct fuzz_type {name} = {{\n\t\"{}\", {size}, {min}, {name}_fields, \
             FUZZ_COUNT({name}_fields),\n}};\n\n",
            &name["fuzz_".len()..]
        )
        .unwrap();
    }
    (text, requests)
}

/// Structures that others have in them, or point at, come before these.
fn inner_first(mut layouts: Vec<Layout>) -> Vec<Layout> {
    let inner = |layout: &Layout| match layout.name {
        "milspec_head" => 0,
        "milspec_control_value" => 1,
        name if [READ.as_slice(), &WRITTEN].concat().contains(&name) => 2,
        _ => 3,
    };
    layouts.sort_by_key(inner);
    layouts
}

/// The fields that belong to the address of an array: how many elements, and the size of one; -1 for
/// an array of bytes.
fn companions(field: &str, fields: &[(&str, usize, usize)]) -> [isize; 2] {
    let one = field.strip_suffix('s').unwrap_or("");
    let at = |ends: &[&str]| {
        let named = |(name, ..): &(&str, usize, usize)| {
            ends.iter()
                .any(|end| *name == format!("{one}_{end}") || field == "buffer" && *name == *end)
        };
        fields
            .iter()
            .position(named)
            .map_or(-1, |at| isize::try_from(at).unwrap())
    };
    let number = at(&["count", "capacity", "bytes"]);
    assert!(number >= 0, "{field}: how many elements has it?");
    [number, at(&["stride"])]
}

/// A list of numbers in C.
fn list(of: &str, name: &str, numbers: &[String]) -> String {
    let mut text = format!("static const {of} {name}[] = {{");
    let mut column = usize::MAX;
    for number in numbers {
        if column == usize::MAX || column + number.len() > 88 {
            text.push_str("\n\t");
            column = 8;
        } else {
            text.push(' ');
        }
        text.push_str(number);
        text.push(',');
        column += number.len() + 2;
    }
    text.push_str("\n};\n");
    text
}

/// Whether a word is the name of an error.
fn is_error(word: &str) -> bool {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
    word.starts_with('E') && word.len() > 2 && word.chars().all(plain)
}

/// The errors that rows of tables name.
fn rows(text: &str) -> Vec<String> {
    let words = text.lines().filter_map(|line| {
        let word = line.strip_prefix("\t\t")?.split(' ').next()?;
        is_error(word).then_some(word)
    });
    let mut errors: Vec<String> = words.map(str::to_string).collect();
    errors.sort_unstable();
    errors.dedup();
    errors
}

/// The errors of each request, and of what is no `ioctl()`.
fn errors(requests: &BTreeMap<String, String>) -> String {
    let page = entries(&text("docs/ABI/testing/dev-milspec"));
    let entry = |what: &str| {
        let found = page.iter().find(|(name, _)| name == what);
        found.map_or_else(|| panic!("no entry {what}"), |(_, text)| text.as_str())
    };
    let (of_all, of_read) = entry("/dev/milspec").split_once("\t\tread() ").unwrap();
    // That there is no such request, one that there is does not say.
    let of_all: Vec<String> = rows(of_all).into_iter().filter(|e| e != "ENOTTY").collect();
    assert!(of_all.len() > 3, "{of_all:?}");
    let mut text = list("int", "fuzz_read_errors", &rows(of_read));
    let sysfs = entries(&crate::page::text(
        "docs/ABI/testing/sysfs-devices-faux-dell_milspec",
    ));
    let mut modes = sysfs.iter().filter(|(what, _)| what.ends_with("/mode"));
    let of_mode = words(&modes.next().unwrap().1, "E");
    let of_mode: Vec<String> = of_mode.into_iter().filter(|e| is_error(e)).collect();
    text.push_str(&list("int", "fuzz_mode_errors", &of_mode));
    let mut table = String::from("\nstatic const struct fuzz_request fuzz_requests[] = {\n");
    for (request, of) in requests {
        let mut all = rows(entry(&format!("/dev/milspec {request}")));
        all.extend(of_all.iter().cloned());
        all.sort_unstable();
        all.dedup();
        let name = request.trim_start_matches("MILSPEC_IOC_");
        let errors = format!("fuzz_{name}_errors");
        text.push_str(&list("int", &errors, &all));
        writeln!(
            table,
            "\t{{ \"{name}\", {request}, &{of}, {errors}, FUZZ_COUNT({errors}) }},"
        )
        .unwrap();
    }
    table.push_str("};\n");
    text + &table
}

fn description() -> String {
    let source = Source::read();
    let (types, requests) = types(&source);
    let known = source.constants.iter();
    let known = known.filter(|c| c.value.starts_with("iowr("));
    let known: Vec<String> = known.map(|c| format!("MILSPEC_{}", c.name)).collect();
    for request in &known {
        assert!(
            requests.contains_key(request),
            "{request}: what is its structure?"
        );
    }
    assert_eq!(known.len(), requests.len());
    format!("{HEAD}{types}{}", errors(&requests))
}

/// Promise: what makes calls at random knows every request, field, number and error that there is:
/// `UPDATE_HEADER=1 cargo test -p milspec-uapi` writes it anew.
#[test]
fn description_is_current() {
    let wanted = description();
    if updates() {
        fs::write(root(PATH), &wanted).unwrap();
    }
    let have = fs::read_to_string(root(PATH)).unwrap_or_default();
    let line = wanted.lines().zip(have.lines());
    let line = line.take_while(|(a, b)| a == b).count();
    assert!(
        wanted == have,
        "{PATH} differs from the Rust source in line {}:\n  wanted: {:?}\n  have:   {:?}\n\
         UPDATE_HEADER=1 cargo test -p milspec-uapi rewrites it",
        line + 1,
        wanted.lines().nth(line),
        have.lines().nth(line)
    );
}
