// SPDX-License-Identifier: GPL-2.0

//! Episodes of the simulated fleet, each done to the real driver: that the records are those that the
//! simulation makes up, and that the monitor judges them as it judges those.
//! `MILSPEC_SEED=` draws other episodes, `MILSPEC_EPISODES='WORDS;WORDS'` plays those whose names have one of
//! these.

use crate::common::Test;
use crate::monitor_player::{Episode, Player};
use anyhow::{ensure, Context, Result};
use milspec::monitor::Direction;
use milspec_fleet::attack;
use milspec_fleet::benign::{Machine as Benign, RATES};
use milspec_fleet::lot::Lot;
use milspec_fleet::told::{Seen, What, DAY, HOUR, START};
use std::collections::BTreeSet;
use std::time::Instant;

/// The tests of this file.
pub const LONG: &[Test] = &[
    ("monitor_judges_benign_episodes_as_simulated", benign),
    ("monitor_judges_attacks_as_simulated", attacks),
];

/// Episodes of each kind.
const EPISODES: usize = 100;
/// Benign episodes with more records are played only for a kind of record that no shorter one has.
const SHORT: usize = 20;

fn seed() -> Result<u64> {
    match std::env::var("MILSPEC_SEED") {
        Ok(text) => text.parse().context("MILSPEC_SEED"),
        Err(_) => Ok(11),
    }
}

/// Promise: what machines do that nobody attacks leads to the records that are simulated, and to the same
/// findings. Each set of kinds of records comes before any comes twice.
fn benign() -> Result<()> {
    let seed = seed()?;
    // What is rare on a machine is not: this is about what it looks like.
    let rates = RATES.times(20.0);
    let mut all = Vec::new();
    for number in 0..40 {
        let mut machine = Benign::new(seed, "played", number, rates);
        all.extend(split(machine.days(20)));
    }
    // The long ones are the same again and again: they are played for what no shorter one has.
    all.sort_by_key(Vec::len);
    let (mut seen, mut sets) = (BTreeSet::new(), BTreeSet::new());
    let (mut first, mut later) = (Vec::new(), Vec::new());
    for episode in all {
        let kinds = kinds(&episode);
        let mut is_new = false;
        for kind in kinds.split(", ") {
            is_new |= seen.insert(kind.to_owned());
        }
        match episode.len() <= SHORT {
            true if sets.insert(kinds) => first.push(episode),
            true => later.push(episode),
            false if is_new => first.push(episode),
            false => {}
        }
    }
    let mut lot = Lot::new(seed, "played", 0);
    while first.len() < EPISODES && !later.is_empty() {
        let at = lot.number(0, later.len() as u64 - 1) as usize;
        first.push(later.swap_remove(at));
    }
    first.truncate(EPISODES);
    let named = first.into_iter().map(|seen| Episode {
        name: kinds(&seen),
        seen,
    });
    play_all("benign", named.collect())
}

/// Promise: attacks lead to the records that are simulated, and to the same findings, or to none.
fn attacks() -> Result<()> {
    let seed = seed()?;
    let all: Vec<_> = attack::all().collect();
    let episodes = (0..EPISODES).map(|number| {
        let of = all[number % all.len()];
        let mut lot = Lot::new(seed, of.name, number as u64);
        let day = lot.number(0, 4);
        let at = START + day * DAY + (of.when.hour(&mut lot) * HOUR as f64) as u64;
        Episode {
            name: of.name.to_owned(),
            seen: of.seen(at, &mut lot, [1001, 1002]),
        }
    });
    play_all("attacks", episodes.collect())
}

/// Cuts where half an hour nothing happens.
fn split(seen: Vec<Seen>) -> Vec<Vec<Seen>> {
    let mut all: Vec<Vec<Seen>> = Vec::new();
    for one in seen {
        let last = all.last().and_then(|episode| episode.last());
        match last.is_some_and(|last| one.wall_ns < last.wall_ns + HOUR / 2) {
            true => all
                .last_mut()
                .into_iter()
                .for_each(|last| last.push(one.clone())),
            false => all.push(vec![one]),
        }
    }
    all
}

/// What an episode is made of.
fn kinds(seen: &[Seen]) -> String {
    let kinds = seen.iter().map(|seen| match &seen.what {
        What::Record(record) => format!(
            "{}{}",
            record.kind,
            record.direction.map_or("", |way| match way {
                Direction::Weaker => " weaker",
                Direction::Harder => " harder",
                _ => "",
            })
        ),
        What::Noticed(observation) => observation.kind.to_string(),
    });
    let kinds: BTreeSet<String> = kinds.collect();
    kinds.into_iter().collect::<Vec<_>>().join(", ")
}

/// Plays them; fails when one of them is another on the machine, and says of all how they are others.
fn play_all(name: &str, mut episodes: Vec<Episode>) -> Result<()> {
    if let Ok(wanted) = std::env::var("MILSPEC_EPISODES") {
        episodes.retain(|episode| wanted.split(';').any(|part| episode.name.contains(part)));
    }
    let mut kept = None;
    let mut wrong = Vec::new();
    let (mut records, mut findings_alone) = (0, 0);
    for (number, episode) in episodes.iter().enumerate() {
        let begun = Instant::now();
        let mut player = match kept.take() {
            Some(player) => player,
            None => Player::new()?,
        };
        match player.episode(episode) {
            Ok(Some(count)) => records += count,
            Ok(None) => findings_alone += 1,
            Err(error) => {
                let said = format!("{}: {error:#}", episode.name);
                println!("\n{said}");
                wrong.push(said);
                // Half of it was done.
                player.broken = true;
            }
        }
        if !player.broken {
            kept = Some(player);
        }
        println!(
            "  {name} {} of {}, {} records, {:.0?}: {}",
            number + 1,
            episodes.len(),
            episode.seen.len(),
            begun.elapsed(),
            episode.name
        );
    }
    println!(
        "figure: {name}: {} episodes of the simulated fleet on the driver, {} judged otherwise or of other \
         records; {records} records compared, of {findings_alone} episodes findings alone",
        episodes.len(),
        wrong.len()
    );
    ensure!(!episodes.is_empty(), "no episode has such a name");
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}
