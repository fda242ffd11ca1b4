// SPDX-License-Identifier: GPL-2.0

//! The frameworks whose ids the registry knows, and what an id of each says and does not say.

/// A framework of published controls.
#[derive(Debug, PartialEq, Eq)]
pub struct Framework {
    /// Its name in documents and on the command line.
    pub name: &'static str,
    /// Other names on the command line.
    pub also: &'static [&'static str],
    /// Its name for people.
    pub title: &'static str,
    /// What to know before its ids are used.
    pub note: &'static str,
}

/// How an id is tied to a check: its letter in the registry, its name in documents, and what it means.
#[derive(Debug, PartialEq, Eq)]
pub struct Tie {
    /// In the registry.
    pub letter: &'static str,
    /// In documents.
    pub name: &'static str,
    /// For people.
    pub means: &'static str,
}

/// From the strongest to the weakest.
pub const TIES: [Tie; 5] = [
    Tie {
        letter: "m",
        name: "mapped",
        means: "the source ties this id to a check of the same kind",
    },
    Tie {
        letter: "n",
        name: "named",
        means: "the text of the requirement names the thing",
    },
    Tie {
        letter: "d",
        name: "derived",
        means: "a published crosswalk leads here from an SP 800-53 id that is mapped or named",
    },
    Tie {
        letter: "dj",
        name: "derived-from-judgement",
        means: "a published crosswalk leads here from an SP 800-53 id that is judgement",
    },
    Tie {
        letter: "j",
        name: "judgement",
        means: "the text was read, and the tie is this project's",
    },
];

/// All frameworks, in the order in which they are shown.
pub const FRAMEWORKS: [Framework; 16] = [
    Framework {
        name: "800-53",
        also: &["800-53r5"],
        title: "NIST SP 800-53 rev. 5",
        note: "CM-3(5), CM-7(9), CM-14, PE-3(5), SC-7(10), SC-15(1), SC-28(3), SC-41, SC-42, SI-7(9) and \
               SI-7(10) are in no baseline of SP 800-53B.",
    },
    Framework {
        name: "800-171r3",
        also: &["800-171"],
        title: "NIST SP 800-171 rev. 3",
        note: "It has nothing for SI-7, SC-41, SC-42, CM-14, SC-28(3) and PE-3(5) of SP 800-53.",
    },
    Framework {
        name: "800-171r2",
        also: &["cmmc"],
        title: "NIST SP 800-171 rev. 2",
        note: "CMMC ids carry these numbers: 3.1.16 is AC.L2-3.1.16. They are not those of rev. 3.",
    },
    Framework {
        name: "srg",
        also: &[],
        title: "DISA SRG for general purpose operating systems",
        note: "It looks at the operating system: that firmware switches the same thing off is an analogy.",
    },
    Framework {
        name: "stig",
        also: &[],
        title: "DISA STIG",
        note: "A STIG is of one operating system. On any other its ids say what is comparable, never that a \
               machine complies. There is none for the firmware of a Dell.",
    },
    Framework {
        name: "cci",
        also: &[],
        title: "DISA CCI",
        note: "By the indices of rev. 5 in DISA's list.",
    },
    Framework {
        name: "cis",
        also: &[],
        title: "CIS Benchmarks and Controls",
        note: "The edition is part of the id. CIS publishes nothing on firmware: its items look at the \
               operating system.",
    },
    Framework {
        name: "pci-dss",
        also: &["pci"],
        title: "PCI DSS 4.0.1",
        note: "Inside a cardholder data environment only.",
    },
    Framework {
        name: "hipaa",
        also: &[],
        title: "HIPAA, 45 CFR 164",
        note: "NIST's crosswalk has nothing for radios, camera, microphone, Thunderbolt or firmware.",
    },
    Framework {
        name: "cobit",
        also: &["sox"],
        title: "COBIT 5, for SOX",
        note: "The Sarbanes-Oxley Act has no technical controls of its own. These are practices of COBIT 5, \
               to which section 404 is commonly tied.",
    },
    Framework {
        name: "hsi",
        also: &["fwupd"],
        title: "fwupd Host Security ID",
        note: "fwupd looks itself, and its result counts. Kernel.Tainted has no check: any module from \
               outside the kernel fails it, this driver included.",
    },
    Framework {
        name: "bsi",
        also: &[],
        title: "BSI IT-Grundschutz SYS.1.1",
        note: "SYS.1.1 is about servers.",
    },
    Framework {
        name: "anssi",
        also: &[],
        title: "ANSSI BP-028 2.0",
        note: "",
    },
    Framework {
        name: "ism",
        also: &[],
        title: "ASD Information Security Manual 2024.03",
        note: "",
    },
    Framework {
        name: "800-147",
        also: &[],
        title: "NIST SP 800-147",
        note: "By section: it has no ids. Sections 3.1 and 3.2 were read, SP 800-155 and SP 800-193 were not.",
    },
    Framework {
        name: "cac",
        also: &[],
        title: "ComplianceAsCode rules on firmware",
        note: "Three of its rules are about settings of the firmware that the driver knows.",
    },
];

impl Framework {
    /// The one with this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        let mut all = FRAMEWORKS.iter();
        all.find(|framework| framework.name == name || framework.also.contains(&name))
    }
}

impl Tie {
    /// The one with this letter.
    pub fn of(letter: &str) -> Option<&'static Self> {
        TIES.iter().find(|tie| tie.letter == letter)
    }
}
