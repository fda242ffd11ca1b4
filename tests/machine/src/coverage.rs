// SPDX-License-Identifier: GPL-2.0

//! What the product reaches on real machines: computed from their token tables, and written into
//! `docs/modes.md`, `docs/models.md` and the table that milspecctl compares a machine with.
//!
//! The tables themselves stay outside; `machine tables FILE --docs .` writes the pages. That they
//! were made with the catalogue of today, a test here says.

use crate::bench::Bench;
use crate::cells::Layout;
use crate::table::Token;
use crate::walk;
use anyhow::{Context, Result};
use milspec_posture::fact::Policy;
use milspec_posture::mode::{LINES, MODES};
use milspec_posture::plan::Request;
use milspec_posture::settings::SETTINGS;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

/// Where the figures are from.
const SOURCE: &str = "token tables out of reports of dmidecode that owners uploaded to \
[linuxhw/DMI](https://github.com/linuxhw/DMI) (CC BY 4.0)";

/// The years before this one are one row.
const FIRST_YEAR: u16 = 2012;

/// Families of business machines.
const FAMILIES: [&str; 4] = ["Rugged", "Latitude", "Precision", "OptiPlex"];

/// What one table comes to.
#[derive(Clone, Debug)]
pub struct Reach {
    product: String,
    year: u16,
    machines: u32,
    /// The ids of all tokens that are listed.
    ids: BTreeSet<u16>,
    /// Names of the settings that are listed.
    listed: BTreeSet<&'static str>,
    changeable: usize,
    /// Changeable only with the class restricted open.
    closed: usize,
    calls: usize,
    /// Of each mode but `baseline`, without and with the class restricted open.
    reached: [[u32; 2]; 4],
}

impl Reach {
    /// Works it out.
    pub fn of(product: &str, year: u16, machines: u32, tokens: &[Token]) -> Result<Self> {
        let relevant = walk::relevant(tokens)?;
        let mut bench = Bench::on(&relevant, Layout::Inferred, is_portable(product))?;
        // Once more, as later looks are.
        bench.look();
        let policy = |restricted_allowed| Policy {
            restricted_allowed,
            latched: false,
            blind: false,
            confirmed: true,
        };
        let mut this = Self {
            product: product.to_owned(),
            year,
            machines,
            ids: tokens.iter().map(|token| token.id).collect(),
            listed: bench.settings().iter().map(|l| l.setting.name).collect(),
            changeable: 0,
            closed: 0,
            calls: bench.looked_at,
            reached: [[0; 2]; 4],
        };
        for fact in bench.machine.facts() {
            let can = |policy: &Policy| {
                let mut others = (0..8).filter(|value| fact.current() != Some(*value));
                fact.current().is_some() && others.any(|v| fact.refuses(v, policy).is_none())
            };
            this.changeable += usize::from(can(&policy(false)));
            this.closed += usize::from(!can(&policy(false)) && can(&policy(true)));
        }
        for (place, mode) in this.reached.iter_mut().zip(&MODES[1..]) {
            for (place, open) in place.iter_mut().zip([false, true]) {
                let request = Request {
                    mode: Some(*mode),
                    list: &[],
                };
                let prepared = bench.prepare(&request, &policy(open));
                let prepared = prepared.map_err(|r| anyhow::anyhow!("{product}: {r:?}"))?;
                *place = prepared.reached();
            }
        }
        Ok(this)
    }

    fn family(&self) -> Option<&'static str> {
        if self.product.contains("Rugged") {
            return Some("Rugged");
        }
        let first = self.product.split(' ').next();
        FAMILIES.into_iter().find(|family| Some(*family) == first)
    }
}

/// Words in the names of products that stand on a desk, below it or in a rack.
const FIXED: [&str; 6] = [
    "OptiPlex",
    "Tower",
    "Rack",
    "Precision T",
    "WorkStation",
    "PowerEdge",
];

/// Those of which the name does not say so: compact and small ones, and towers of later years.
const FIXED_NUMBERS: [&str; 8] = [
    "Precision 3240",
    "Precision 3260",
    "Precision 3280",
    "Precision 3440",
    "Precision 3450",
    "Precision 3460",
    "Precision 3660",
    "Precision 3680",
];

/// Tells whether a product can be worked with when nothing is plugged in, as far as its name says.
fn is_portable(product: &str) -> bool {
    let numbered = FIXED_NUMBERS.iter().any(|name| product.starts_with(name));
    !numbered && !FIXED.iter().any(|word| product.contains(word))
}

/// The number that `share` of a hundred machines do not exceed.
fn percentile(all: &mut [(usize, u32)], share: u64) -> usize {
    all.sort_unstable();
    let machines: u64 = all.iter().map(|(_, machines)| u64::from(*machines)).sum();
    let mut seen = 0;
    for (number, count) in all.iter() {
        seen += u64::from(*count);
        if seen * 100 >= machines * share {
            return *number;
        }
    }
    0
}

fn numbers(all: &[&Reach], number: impl Fn(&Reach) -> usize) -> Vec<(usize, u32)> {
    all.iter().map(|one| (number(one), one.machines)).collect()
}

fn median(all: &[&Reach], number: impl Fn(&Reach) -> usize) -> usize {
    percentile(&mut numbers(all, number), 50)
}

/// The median of a mode's reach, and between what half of the machines lie.
fn spread(all: &[&Reach], number: impl Fn(&Reach) -> usize) -> String {
    let mut numbers = numbers(all, number);
    let [low, middle, high] = [25, 50, 75].map(|share| percentile(&mut numbers, share));
    match low == high {
        true => middle.to_string(),
        false => format!("{middle} ({low}-{high})"),
    }
}

fn machines(all: &[&Reach]) -> u32 {
    all.iter().map(|one| one.machines).sum()
}

/// What the pages were made with: another catalogue has another number.
pub fn catalogue() -> String {
    let mut text = String::new();
    for setting in SETTINGS {
        let _ = write!(
            text,
            "{}{:?}{:?}",
            setting.name, setting.class, setting.values
        );
    }
    for line in LINES {
        let _ = write!(text, "{:?}{}{}", line.mode, line.setting, line.value);
    }
    // FNV-1a.
    let hash = text.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    format!(
        "{} settings, {} lines, {hash:016x}",
        SETTINGS.len(),
        LINES.len()
    )
}

/// Begins and ends what is written into a page.
fn marks() -> [String; 2] {
    let begin = "<!-- Made by `machine tables FILE --docs .` with the catalogue of ";
    [begin.to_owned(), "<!-- That was it. -->\n".to_owned()]
}

/// Each family and year.
fn families(all: &[Reach]) -> String {
    let count: u32 = all.iter().map(|one| one.machines).sum();
    let mut text = format!(
        "Of {count} machines: {SOURCE}. A report has no present values: every machine begins as a \
         simulated one does. Reached is what a mode asks for and can change or finds so, of so many \
         lines, without and with `allow_restricted=1`: the median, and in brackets between what half of the \
         machines lie. Calls are those of a look at everything after the first.\n\n\
         | family | BIOS of | machines | settings | changeable | calls |"
    );
    for mode in &MODES[1..] {
        let _ = write!(text, " {} of {} |", mode.name(), mode.settings());
    }
    text.push_str("\n|---|---|---|---|---|---|---|---|---|---|\n");
    for family in FAMILIES {
        let mut years: BTreeMap<u16, Vec<&Reach>> = BTreeMap::new();
        for one in all.iter().filter(|one| one.family() == Some(family)) {
            let year = if one.year < FIRST_YEAR { 0 } else { one.year };
            years.entry(year).or_default().push(one);
        }
        for (year, all) in years {
            let year = match year {
                0 => format!("before {FIRST_YEAR}"),
                year => year.to_string(),
            };
            let _ = write!(
                text,
                "| {family} | {year} | {} | {} | {} | {} |",
                machines(&all),
                median(&all, |one| one.listed.len()),
                median(&all, |one| one.changeable),
                median(&all, |one| one.calls),
            );
            for mode in 0..4 {
                let closed = spread(&all, |one| one.reached[mode][0] as usize);
                let open = spread(&all, |one| one.reached[mode][1] as usize);
                let _ = match closed == open {
                    true => write!(text, " {closed} |"),
                    false => write!(text, " {closed}, {open} |"),
                };
            }
            text.push('\n');
        }
    }
    text
}

/// The tables of each business product, by its name; of one whose name Dell has used again, those of
/// each machine apart, the oldest first.
fn products(all: &[Reach]) -> Vec<(&str, Vec<&Reach>)> {
    let mut products: BTreeMap<&str, Vec<&Reach>> = BTreeMap::new();
    for one in all.iter().filter(|one| one.family().is_some()) {
        products.entry(&one.product).or_default().push(one);
    }
    let apart = |(name, all)| apart(all).into_iter().map(move |all| (name, all));
    products.into_iter().flat_map(apart).collect()
}

/// How many tokens two tables have in common, and how many there are in both together.
fn overlap(one: &Reach, other: &Reach) -> (usize, usize) {
    let common = one.ids.intersection(&other.ids).count();
    (common, one.ids.len() + other.ids.len() - common)
}

/// Puts the tables of a name apart where the oldest and the newest have less than half of their tokens
/// in common: each goes to the one of both that it has more in common with.
fn apart(all: Vec<&Reach>) -> Vec<Vec<&Reach>> {
    let known = || all.iter().copied().filter(|one| one.year != 0);
    let ends = known()
        .min_by_key(|one| one.year)
        .zip(known().max_by_key(|one| one.year));
    let Some((oldest, newest)) = ends else {
        return vec![all];
    };
    let (common, both) = overlap(oldest, newest);
    if 2 * common >= both {
        return vec![all];
    }
    let is_old = |one: &&Reach| {
        let (old, of_old) = overlap(oldest, one);
        let (new, of_new) = overlap(newest, one);
        old * of_new >= new * of_old
    };
    let (older, newer): (Vec<_>, Vec<_>) = all.iter().partition(|one| is_old(one));
    [apart(older), apart(newer)].concat()
}

fn years(all: &[&Reach]) -> (u16, u16) {
    let known = || all.iter().map(|one| one.year).filter(|year| *year != 0);
    (known().min().unwrap_or(0), known().max().unwrap_or(0))
}

/// Settings that every table of an older BIOS lists and none of the newest ones.
fn absent<'a>(all: &[&'a Reach]) -> Vec<&'a str> {
    let (first, last) = years(all);
    if first == last {
        return Vec::new();
    }
    let newest = || all.iter().filter(|one| one.year == last);
    let older: Vec<_> = all.iter().filter(|one| one.year < last).collect();
    let everywhere = |name: &&&str| older.iter().all(|one| one.listed.contains(**name));
    let listed = older.first().map(|one| one.listed.iter());
    let gone = listed.into_iter().flatten().filter(everywhere);
    let gone = gone.filter(|name| !newest().any(|one| one.listed.contains(**name)));
    gone.copied().collect()
}

/// `docs/models.md`.
fn models(all: &[Reach]) -> String {
    let products = products(all);
    let mut text = format!(
        "# Models\n\nWhat the driver finds on business machines of Dell's: {SOURCE}. `milspecctl doctor` says \
         how a machine compares with the reports of its product. A product has one row, with medians of its \
         reports, and more than one where Dell has used its name again: where the token tables of the \
         oldest and the newest report have less than half of their tokens in common. Absent in the newest \
         report is what all reports with an older BIOS list and none with the newest.\n\n{}{} -->\n\n| product | reports | BIOS of | settings | changeable | closed by default |",
        marks()[0],
        catalogue()
    );
    for mode in &MODES[1..] {
        let _ = write!(text, " {} |", mode.name());
    }
    text.push_str(
        " stealth | Thunderbolt | intrusion | absent in the newest report |\n|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for (product, all) in products {
        let (first, last) = years(&all);
        let years = match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        };
        let _ = write!(
            text,
            "| {product} | {} | {years} | {} | {} | {} |",
            machines(&all),
            median(&all, |one| one.listed.len()),
            median(&all, |one| one.changeable),
            median(&all, |one| one.closed),
        );
        for mode in 0..4 {
            let reached = median(&all, |one| one.reached[mode][0] as usize);
            let _ = write!(text, " {reached} |");
        }
        let has = |name: &str| median(&all, |one| usize::from(one.listed.contains(name))) == 1;
        let word = |is: bool| if is { "yes" } else { "" };
        let gone = absent(&all).join(", ");
        let thunderbolt = has("thunderbolt") || has("thunderbolt-security");
        let _ = writeln!(
            text,
            " {} | {} | {} | {gone} |",
            word(has("stealth")),
            word(thunderbolt),
            word(has("intrusion-reporting"))
        );
    }
    text
}

/// What milspecctl compares a machine with, as in `models`: product, reports, first and last year of BIOS, least,
/// median and most settings.
fn compared(all: &[Reach]) -> String {
    let mut text = "product,reports,first_bios,last_bios,least,median,most\n".to_owned();
    for (product, all) in products(all) {
        let (first, last) = years(&all);
        let mut settings = numbers(&all, |one| one.listed.len());
        let [least, median, most] = [0, 50, 100].map(|share| percentile(&mut settings, share));
        let _ = writeln!(
            text,
            "{},{},{first},{last},{least},{median},{most}",
            product.replace(',', " "),
            machines(&all)
        );
    }
    text
}

/// Writes the pages.
///
/// # Errors
///
/// When a page cannot be read or written, or has lost its marks.
pub fn write(root: &Path, all: &[Reach]) -> Result<()> {
    let put = |name: &str, text: String| {
        std::fs::write(root.join(name), text).with_context(|| format!("cannot write {name}"))
    };
    put("docs/models.md", models(all))?;
    put("milspec-cli/src/models.csv", compared(all))?;
    let page = std::fs::read_to_string(root.join("docs/modes.md")).context("docs/modes.md")?;
    let [begin, end] = marks();
    let lost = "docs/modes.md has lost its marks";
    let (before, rest) = page.split_once(&begin).context(lost)?;
    let (_, after) = rest.split_once(&end).context(lost)?;
    let made = format!(
        "{before}{begin}{} -->\n\n{}\n{end}{after}",
        catalogue(),
        families(all)
    );
    put("docs/modes.md", made)
}

/// Tells which settings of the catalogue no machine lists.
pub fn unlisted(all: &[Reach]) -> Vec<&'static str> {
    let listed = |name: &str| all.iter().any(|one| one.listed.contains(name));
    let names = SETTINGS.iter().map(|setting| setting.name);
    names.filter(|name| !listed(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table;

    /// Fails when the catalogue has changed since the pages were made: their figures are of another
    /// one then.
    #[test]
    fn pages_are_of_this_catalogue() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        for page in ["docs/modes.md", "docs/models.md"] {
            let text = std::fs::read_to_string(root.join(page)).unwrap();
            let mark = format!("{}{} -->", marks()[0], catalogue());
            assert!(
                text.contains(&mark),
                "{page} was made with another catalogue: run `machine tables FILE --docs .`"
            );
        }
    }

    /// Fails when the figures of a machine are not those of its table.
    #[test]
    fn reach_is_that_of_the_table() {
        let tokens = table::parse("0285=1 0286=0 0090=1 0091=0 0145=1 0144=0 800E=1").unwrap();
        let one = Reach::of("Latitude 1", 2020, 3, &tokens).unwrap();
        assert_eq!((one.listed.len(), one.changeable, one.closed), (4, 2, 1));
        assert_eq!(one.calls, 4);
        assert_eq!(one.reached, [[1, 1], [1, 1], [2, 2], [2, 2]]);
        let old = table::parse("0285=1 0286=0 0090=1 0091=0 0145=1 0144=0 02ED=1 02EE=0").unwrap();
        let old = Reach::of("Latitude 1", 2018, 1, &old).unwrap();
        assert_eq!(absent(&[&one, &old]), ["stealth"]);
        let all = [one, old];
        let text = models(&all);
        assert!(
            text.contains("| Latitude 1 | 4 | 2018-2020 | 4 | 2 | 1 |"),
            "{text}"
        );
        assert_eq!(
            compared(&all).lines().nth(1),
            Some("Latitude 1,4,2018,2020,4,4,4")
        );
    }

    /// Fails when different machines of one name are taken for one, or what a BIOS update changes for
    /// another machine.
    #[test]
    fn machines_of_one_name_are_apart() {
        let of = |year, text: &str| {
            Reach::of("Latitude 1", year, 1, &table::parse(text).unwrap()).unwrap()
        };
        let old = of(2013, "0285=1 0286=0 0090=1 0091=0");
        let updated = of(2019, "0285=1 0286=0 0090=1");
        let new = of(2023, "800E=1 02ED=1 02EE=0 0090=1");
        let undated = of(0, "800E=1 02ED=1");
        let all = [old, new, updated, undated];
        let years: Vec<Vec<u16>> = products(&all)
            .iter()
            .map(|(_, all)| all.iter().map(|one| one.year).collect())
            .collect();
        assert_eq!(years, [vec![2013, 2019], vec![2023, 0]]);
        assert_eq!(compared(&all).lines().count(), 3);
        assert_eq!(products(&all[2..]).len(), 1);
    }

    /// Fails when a desktop or a tower passes for a notebook, or the other way round.
    #[test]
    fn notebooks_are_portable() {
        let fixed = [
            "Precision WorkStation T3500",
            "Precision WorkStation T5500",
            "Precision WorkStation T7500",
            "Precision WorkStation R5400",
            "Precision WorkStation 690",
            "Precision T1700",
            "Precision Tower 3620",
            "Precision 5820 Tower X-Series",
            "Precision 3260",
            "Precision 3440",
            "Precision 3460",
            "Precision 3660",
            "Precision 3680",
            "OptiPlex 7090",
        ];
        let portable = [
            "Precision 3480",
            "Precision 3581",
            "Precision 5680",
            "Precision M4800",
            "Latitude 3440",
        ];
        assert_eq!(fixed.map(is_portable), [false; 14]);
        assert_eq!(portable.map(is_portable), [true; 5]);
    }

    /// Fails when a percentile is not what that share of the machines do not exceed.
    #[test]
    fn percentiles_are_of_machines() {
        let mut all = [(10, 1), (1, 2), (5, 1)];
        let three = [25, 50, 100].map(|share| percentile(&mut all, share));
        assert_eq!(three, [1, 1, 10]);
        assert_eq!(percentile(&mut [], 50), 0);
    }
}
