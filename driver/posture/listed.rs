// SPDX-License-Identifier: GPL-2.0

//! A setting that a machine's token table lists: what its tokens say, and what follows from the
//! firmware's answers.

use super::control::{reading, Answer, Class, Family, Presence, Reading};
use super::deny::{self, Gate};
use super::errno::ENODATA;
use super::fact::Fact;
use super::setting::{Listing, Listings, Setting, VALUES};

/// Tokens that say the same where a machine has one cell for both: the name, and the other name.
///
/// That two tokens of a setting have the same expected reading is not enough: 1,134 machines have the
/// same one for a network port that is enabled and one that is disabled.
const SYNONYMS: &[(u16, u16)] = &[
    // Wake on LAN: on-board, enabled.
    (0x0057, 0x006D),
];

/// What of a machine, and of what its administrator wants, bears on its settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct Model<'a> {
    /// DMI product name.
    pub product: &'a [u8],
    /// It can be worked with when nothing is plugged in.
    pub portable: bool,
    /// Tokens that mainline keeps from user space as part of a range are restricted.
    pub filtered: bool,
}

/// What lies behind the locations of one setting, as it was when all of them were last read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cells {
    /// They were not all read yet, or the table does not suggest that they show one cell.
    #[default]
    Unseen,
    /// The table suggests it, and they answered alike.
    One,
    /// The table suggests it, and they did not.
    Several,
}

/// One setting that a machine lists.
#[derive(Clone, Copy, Debug)]
pub struct Listed {
    /// Its number in the ABI.
    pub id: u32,
    /// What it is.
    pub setting: &'static Setting,
    /// What the table says of its values.
    pub listings: Listings,
    /// How completely the table lists it.
    pub presence: Presence,
    /// It has a location that another setting has as well: to write the one is to write the other.
    pub entangled: bool,
    /// This model is known not to survive a change of it.
    pub denied: bool,
    /// What may be done to it here.
    pub class: Class,
    /// As [`Model::filtered`].
    filtered: bool,
}

impl Listed {
    /// The setting of a machine, or `None` when the machine does not list it. Whether it shares a
    /// location with another one is for [`entangle`] to say.
    pub fn new(
        id: u32,
        setting: &'static Setting,
        listings: Listings,
        model: &Model<'_>,
    ) -> Option<Self> {
        let class = match !model.portable && deny::takes_keyboard(setting.name) {
            true => setting.class.max(Class::Restricted),
            false => setting.class,
        };
        Some(Self {
            id,
            setting,
            listings,
            presence: listings.presence(setting)?,
            entangled: false,
            denied: deny::model(model.product, setting.name),
            class,
            filtered: model.filtered,
        })
    }

    /// Tells whether the firmware has a way to change it. Whether that may be done, its class says.
    pub fn is_writable(&self) -> bool {
        let listed = self.listings.0.iter();
        let listed = listed.filter(|listing| matches!(listing, Listing::Listed { .. }));
        // Changing takes a value to change to, and one to go back to.
        self.class < Class::ReadOnly
            && self.presence != Presence::Contradictory
            && !self.entangled
            && listed.count() > 1
    }

    /// Number of its values: those of its tokens, and of a flag the one that has none.
    pub fn value_count(&self) -> usize {
        match self.setting.otherwise() {
            Some(_) => 2,
            None => self.setting.values.len(),
        }
    }

    /// The index of the value that is in force when no token of the setting is active: that of a flag
    /// which has none, or of two the one that the machine does not list.
    fn implied(&self) -> Option<usize> {
        let listed = |at: usize| matches!(self.listings.0.get(at), Some(Listing::Listed { .. }));
        match self.setting.values.len() {
            1 => self.setting.otherwise().map(|_| 1),
            2 if self.presence == Presence::Partial => Some(usize::from(listed(0))),
            _ => None,
        }
    }

    /// The value of which the one with this index is another name on this machine: both have the same
    /// expected reading at two locations, and a third value has another one. Where each token has a
    /// cell of its own, all have the same.
    pub fn synonym(&self, index: usize) -> Option<usize> {
        let token = |at: usize| self.setting.values.get(at).map(|value| value.token);
        let expected = |at: usize| match self.listings.0.get(at) {
            Some(Listing::Listed { value, .. }) => Some(*value),
            _ => None,
        };
        let mine = expected(index)?;
        let mut pairs = SYNONYMS.iter();
        let (name, _) = pairs.find(|(_, other)| Some(*other) == token(index))?;
        let all = || 0..self.setting.values.len();
        let first = all().find(|at| token(*at) == Some(*name))?;
        let several = all().filter_map(expected).any(|other| other != mine);
        (several && expected(first) == Some(mine)).then_some(first)
    }

    /// What the firmware says of each value; `read` gives its answer for a location, or a positive
    /// errno.
    pub fn answers(&self, read: impl Fn(u16) -> Result<u32, u32>) -> [Answer; VALUES] {
        let mut answers = [Answer::Absent; VALUES];
        for (answer, listing) in answers.iter_mut().zip(self.listings.0) {
            if let Listing::Listed { location, value } = listing {
                *answer = self::answer(read(location), value);
            }
        }
        self.imply(&mut answers);
        answers
    }

    /// The same with as few calls as can be. Where all locations show one cell, that of the value
    /// `known` to be in force is read first, and the others only when it is not in force any more.
    ///
    /// No value is ever taken to be in force whose own location was not read.
    ///
    /// # Errors
    ///
    /// What `read` fails with, which ends the reading.
    pub fn read<E>(
        &self,
        cells: &mut Cells,
        known: Option<u8>,
        mut read: impl FnMut(u16) -> Result<Result<u32, u32>, E>,
    ) -> Result<[Answer; VALUES], E> {
        let glance = known.filter(|_| *cells == Cells::One);
        if let Some((_, there, value)) = glance.and_then(|known| self.token(known)) {
            let answered = read(there)?;
            if answer(answered, value).is_active() {
                let mut answers = [Answer::Absent; VALUES];
                for (answer, listing) in answers.iter_mut().zip(self.listings.0) {
                    match listing {
                        Listing::Listed { location, value } if location == there => {
                            *answer = self::answer(answered, value);
                        }
                        Listing::Listed { .. } => *answer = Answer::Unread,
                        Listing::Absent | Listing::Contradictory => {}
                    }
                }
                return Ok(answers);
            }
        }
        let mut all = [None; VALUES];
        for (answered, listing) in all.iter_mut().zip(self.listings.0) {
            if let Listing::Listed { location, .. } = listing {
                *answered = Some((location, read(location)?));
            }
        }
        let answered = || all.iter().flatten().map(|(_, answered)| *answered);
        if self.suggests_one_cell() {
            let mut others = answered().skip(1);
            let alike = others.all(|other| other.is_ok() && Some(other) == answered().next());
            *cells = if alike { Cells::One } else { Cells::Several };
        }
        Ok(self.answers(|there| {
            let mut asked = all.iter().flatten();
            let found = asked.find(|(location, _)| *location == there);
            found.map_or(Err(ENODATA), |(_, answered)| *answered)
        }))
    }

    /// Tells whether the table suggests that all locations show one cell: there are several, and no
    /// two tokens have the same value.
    fn suggests_one_cell(&self) -> bool {
        let mut listed = self
            .listings
            .0
            .iter()
            .enumerate()
            .filter_map(|(at, listing)| {
                let Listing::Listed { location, value } = *listing else {
                    return None;
                };
                Some((at, location, value))
            });
        let alone = |(at, location, value): (usize, u16, u16)| {
            let mut before = self.listings.0.iter().take(at);
            !before.any(|other| match *other {
                Listing::Listed {
                    location: there,
                    value: other,
                } => there == location || other == value,
                Listing::Absent | Listing::Contradictory => false,
            })
        };
        self.listings.locations().nth(1).is_some() && listed.all(alone)
    }

    /// Puts what follows for the value that has no answer of its own in its place.
    pub fn imply(&self, answers: &mut [Answer; VALUES]) {
        let Some(implied) = self.implied() else {
            return;
        };
        let answered = |answer: &Answer| matches!(answer, Answer::Read { .. });
        let others = || answers.iter().enumerate().filter(|(at, _)| *at != implied);
        let none = !others().any(|(_, answer)| answer.is_active());
        let is = others().any(|(_, answer)| answered(answer)) && none;
        if let Some(place) = answers.get_mut(implied) {
            *place = Answer::Implied(is);
        }
    }

    /// What follows from one location's answer, for each value that lies there: its index, and
    /// what the firmware says of it.
    pub fn answers_at(
        &self,
        there: u16,
        read: Result<u32, u32>,
    ) -> impl Iterator<Item = (usize, Answer)> {
        let listings = self.listings.0.into_iter().enumerate();
        listings.filter_map(move |(index, listing)| match listing {
            Listing::Listed { location, value } if location == there => {
                Some((index, answer(read, value)))
            }
            _ => None,
        })
    }

    /// How it stands, by the answers for its values. Of two that cannot be told apart and are both in
    /// force, the first counts.
    pub fn reading(&self, answers: &[Answer; VALUES]) -> Reading {
        let counted = |(index, answer): (usize, &Answer)| {
            let first = self.synonym(index).and_then(|first| answers.get(first));
            match answer.is_active() && first.is_some_and(Answer::is_active) {
                true => Answer::Unread,
                false => *answer,
            }
        };
        let all = answers.iter().enumerate().take(self.value_count());
        match reading(all.map(counted)) {
            // Nothing that such a table says of the setting can be relied on.
            Reading::Known(_) if self.presence == Presence::Contradictory => Reading::Ambiguous,
            reading => reading,
        }
    }

    /// The token of the value with this index, as the machine lists it: id, location, value.
    pub fn token(&self, index: u8) -> Option<(u16, u16, u16)> {
        let index = usize::from(index);
        let id = self.setting.values.get(index)?.token;
        match *self.listings.0.get(index)? {
            Listing::Listed { location, value } => Some((id, location, value)),
            Listing::Absent | Listing::Contradictory => None,
        }
    }

    /// Where the value with this index is written to, and what: location, value. `None` where the
    /// machine does not list it, or where its token is never written: no plan has such a step, and this
    /// does not rely on that.
    pub fn write(&self, index: u8) -> Option<(u16, u16)> {
        let (token, location, value) = self.token(index)?;
        match deny::token(token) {
            Gate::Open | Gate::Filtered => Some((location, value)),
            Gate::Forbidden => None,
        }
    }

    /// The locations that a change concerns, each once: all that the setting has. The location of a
    /// third value may be an alias of the one that is written, and show the change as well; or
    /// somebody else puts that value in force.
    pub fn concerned(&self) -> impl Iterator<Item = u16> + '_ {
        let all = || self.listings.locations();
        let first = move |(n, there): &(usize, u16)| !all().take(*n).any(|other| other == *there);
        let each = all().enumerate().filter(first);
        each.map(|(_, there)| there)
    }

    /// What modes and plans are decided on, before anything is read.
    pub fn fact(&self) -> Fact {
        let (mut values, mut restricted, mut untried, mut forbidden) = (0u8, 0u8, 0u8, 0u8);
        for (bit, index) in (0u32..8).zip(0u8..) {
            let Some((token, _, _)) = self.token(index) else {
                continue;
            };
            values |= 1 << bit;
            match deny::token(token) {
                Gate::Open => {}
                Gate::Filtered if self.filtered => restricted |= 1 << bit,
                Gate::Filtered => untried |= 1 << bit,
                Gate::Forbidden => forbidden |= 1 << bit,
            }
        }
        Fact {
            id: self.id,
            family: Family::Platform,
            class: self.class,
            writable: self.is_writable(),
            denied: self.denied,
            values,
            restricted,
            untried,
            forbidden,
            ..Fact::NEW
        }
    }
}

/// What a reading of a token's location says of the value that it stands for.
fn answer(read: Result<u32, u32>, expected: u16) -> Answer {
    match read {
        Ok(read) => Answer::Read { read, expected },
        Err(errno) => Answer::Failed(errno),
    }
}

/// Marks the settings that have a location in common with another one. Returns their number.
pub fn entangle(settings: &mut [Listed]) -> u32 {
    let mut count = 0u32;
    let mut rest = &mut *settings;
    while let Some((first, others)) = rest.split_first_mut() {
        for other in others.iter_mut() {
            let shared = first.listings.locations().any(|location| {
                let mut locations = other.listings.locations();
                locations.any(|there| there == location)
            });
            if shared {
                first.entangled = true;
                other.entangled = true;
            }
        }
        if first.entangled {
            count = count.saturating_add(1);
        }
        rest = others;
    }
    count
}
