// SPDX-License-Identifier: GPL-2.0

//! Answers of `DSML0001`.

use super::repository;
use crate::dsmil_answers;
use std::fs;
use std::io;

/// Answers of the devices of `tests/data/dsmil-devices.csv`, one of each kind and every descriptor.
pub fn answers() -> io::Result<Vec<Vec<u8>>> {
    let text = fs::read_to_string(repository().join("tests/data/dsmil-devices.csv"))?;
    let rows: Vec<Vec<&str>> = text
        .lines()
        .skip(1)
        .map(|l| l.split(',').collect())
        .collect();
    let count = rows.len() as u16;
    let seed = |question: u8, index: u16, answer: &[u8]| {
        let mut seed = vec![question];
        seed.extend(index.to_le_bytes());
        // The target takes one more than these, in the limits of the interface.
        seed.extend((count - 1).to_le_bytes());
        seed.extend([6, 0, 3]);
        assert_eq!(seed.len(), dsmil_answers::HEAD);
        seed.extend(answer);
        seed
    };
    let answer = |length: u32, fields: &[u8]| {
        let mut answer = [[0; 4], length.to_le_bytes()].concat();
        answer.extend(fields);
        answer.resize(length as usize, 0);
        answer
    };
    let [low, high] = count.to_le_bytes();
    let identity = answer(
        36,
        &[1, 0, 0, 0, low, high, 7, 0, 0, 0, 0, 0, b'S', b'I', b'M'],
    );
    let mut found = vec![
        seed(0, 0, &[0x3F, 0, 0, 0]),
        seed(1, 0, &identity),
        seed(3, 5, &answer(16, &[5, 0, 1, 1])),
        seed(5, 5, &answer(16, &[5, 0, 1, 0])),
    ];
    for (at, row) in rows.iter().enumerate() {
        let name = row[0].as_bytes();
        let number = |at: usize| row[at].parse::<u8>().unwrap_or_default();
        let classes = [
            "safe",
            "monitored",
            "restricted",
            "quarantined",
            "read-only",
        ];
        let class = classes.iter().position(|class| *class == row[4]);
        let place = |name: &str| rows.iter().position(|row| row[0] == name);
        let mut depends = [0xFF; 8];
        let needed = row[5].split(' ').filter_map(place);
        for (to, on) in depends.chunks_mut(2).zip(needed) {
            to.copy_from_slice(&(on as u16).to_le_bytes());
        }
        let mut fields = (at as u16).to_le_bytes().to_vec();
        fields.extend([
            number(1),
            number(2),
            class.unwrap_or_default() as u8,
            0,
            0,
            0,
        ]);
        fields.extend(depends);
        fields.extend(name);
        fields.resize(28, 0);
        fields.extend(row[3].as_bytes().iter().take(28));
        found.push(seed(2, at as u16, &answer(64, &fields)));
    }
    let mut states = vec![0, 0, 0, 0, low, high, 0, 0];
    states.extend((0..count).flat_map(|at| [(at % 3) as u8, (at % 2) as u8]));
    let mut all = seed(4, 0, &answer(16 + 2 * u32::from(count), &states));
    all[3..5].copy_from_slice(&count.to_le_bytes());
    found.push(all);
    Ok(found)
}
