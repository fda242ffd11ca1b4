// SPDX-License-Identifier: GPL-2.0

//! A setting that a machine's token table lists: what its tokens say, and what follows from the
//! firmware's answers.

use super::control::{reading, Answer, Class, Family, Presence, Reading};
use super::deny::{self, Gate};
use super::fact::Fact;
use super::setting::{Listing, Listings, Setting, VALUES};

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
}

impl Listed {
    /// The setting of a machine of the model `product`, or `None` when the machine does not list
    /// it. Whether it shares a location with another one is for [`entangle`] to say.
    pub fn new(
        id: u32,
        setting: &'static Setting,
        listings: Listings,
        product: &[u8],
    ) -> Option<Self> {
        Some(Self {
            id,
            setting,
            listings,
            presence: listings.presence(setting)?,
            entangled: false,
            denied: deny::model(product, setting.name),
        })
    }

    /// Tells whether the firmware has a way to change it. Whether that may be done, its class says.
    pub fn is_writable(&self) -> bool {
        let listed = self.listings.0.iter();
        let listed = listed.filter(|listing| matches!(listing, Listing::Listed { .. }));
        // Changing takes a value to change to, and one to go back to.
        self.setting.class != Class::ReadOnly
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

    /// What the firmware says of each value; `read` gives its answer for a location, or a positive
    /// errno.
    pub fn answers(&self, read: impl Fn(u16) -> Result<u32, u32>) -> [Answer; VALUES] {
        let mut answers = [Answer::Absent; VALUES];
        for (answer, listing) in answers.iter_mut().zip(self.listings.0) {
            if let Listing::Listed { location, value } = listing {
                *answer = self::answer(read(location), value);
            }
        }
        if let (Some(_), [token, no, ..]) = (self.setting.otherwise(), &mut answers) {
            let answered = matches!(token, Answer::Read { .. });
            *no = Answer::Implied(answered && !token.is_active());
        }
        answers
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

    /// How it stands, by the answers for its values.
    pub fn reading(&self, answers: impl Iterator<Item = Answer>) -> Reading {
        match reading(answers.take(self.value_count())) {
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
        let (mut values, mut restricted, mut forbidden) = (0u8, 0u8, 0u8);
        for (bit, index) in (0u32..8).zip(0u8..) {
            let Some((token, _, _)) = self.token(index) else {
                continue;
            };
            values |= 1 << bit;
            match deny::token(token) {
                Gate::Open => {}
                Gate::Restricted => restricted |= 1 << bit,
                Gate::Forbidden => forbidden |= 1 << bit,
            }
        }
        Fact {
            id: self.id,
            family: Family::Platform,
            class: self.setting.class,
            writable: self.is_writable(),
            denied: self.denied,
            values,
            restricted,
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
