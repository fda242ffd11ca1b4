// SPDX-License-Identifier: GPL-2.0

/*
 * \_SB.AMW0, the WMI device that every Dell with SMBIOS calls over WMI has:
 * the calls, their descriptor, events and, on newer notebooks, the privacy
 * block. What it holds, in which order, and what its methods do with a buffer
 * is as in the ACPI tables of real machines: see README.md.
 *
 * A call is a buffer: u16 class, u16 select, u32 input[4], u32 output[4],
 * u32 attributes, u32 blength, then blength bytes. These methods only move
 * bytes to SMM and back; the answers are smm.asl's.
 */
DefinitionBlock ("", "SSDT", 2, "SIMDEL", "WMI", 1)
{
    #include "layout.h"

    External (\_SB.PCI0.NVRM.REDY, MethodObj)
    External (\_SB.PCI0.NVRM.R32, MethodObj)
    External (\_SB.PCI0.NVRM.W32, MethodObj)
    External (\_SB.PCI0.NVRM.HOOK, MethodObj)
    External (\_SB.PCI0.NVRM.RB64, MethodObj)
    External (\_SB.PCI0.NVRM.SMBC, MethodObj)
    External (\_SB.PCI0.NVRM.ECPR, MethodObj)

    Scope (\_SB)
    {
        Device (AMW0)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, Zero)

            // With the privacy block.
            Name (WDGP, Buffer ()
            {
                // 8D9DDCBC-A997-11DA-B012-B622A1EF5492, descriptor, WQAA
                0xBC, 0xDC, 0x9D, 0x8D, 0x97, 0xA9, 0xDA, 0x11,
                0xB0, 0x12, 0xB6, 0x22, 0xA1, 0xEF, 0x54, 0x92,
                0x41, 0x41, 0x01, 0x00,
                // 6932965F-1671-4CEB-B988-D3AB0A901919, privacy, WQDS
                0x5F, 0x96, 0x32, 0x69, 0x71, 0x16, 0xEB, 0x4C,
                0xB9, 0x88, 0xD3, 0xAB, 0x0A, 0x90, 0x19, 0x19,
                0x44, 0x53, 0x01, 0x00,
                // A80593CE-A997-11DA-B012-B622A1EF5492, SMBIOS calls, WMBA
                0xCE, 0x93, 0x05, 0xA8, 0x97, 0xA9, 0xDA, 0x11,
                0xB0, 0x12, 0xB6, 0x22, 0xA1, 0xEF, 0x54, 0x92,
                0x42, 0x41, 0x01, 0x02,
                // 9DBB5994-A997-11DA-B012-B622A1EF5492, event 0xD0
                0x94, 0x59, 0xBB, 0x9D, 0x97, 0xA9, 0xDA, 0x11,
                0xB0, 0x12, 0xB6, 0x22, 0xA1, 0xEF, 0x54, 0x92,
                0xD0, 0x00, 0x01, 0x08,
                // A3776CE0-1E88-11DB-A98B-0800200C9A66, the type of a call's
                // buffer. There is no WQBC, as on all real machines but one.
                0xE0, 0x6C, 0x77, 0xA3, 0x88, 0x1E, 0xDB, 0x11,
                0xA9, 0x8B, 0x08, 0x00, 0x20, 0x0C, 0x9A, 0x66,
                0x42, 0x43, 0x01, 0x00,
                // 05901221-D566-11D1-B2F0-00A0C9062910, binary MOF, WQMO
                0x21, 0x12, 0x90, 0x05, 0x66, 0xD5, 0xD1, 0x11,
                0xB2, 0xF0, 0x00, 0xA0, 0xC9, 0x06, 0x29, 0x10,
                0x4D, 0x4F, 0x01, 0x00
            })

            // What the machine has decides which blocks there are.
            Method (_WDG, 0, Serialized)
            {
                Local0 = WDGP
                If (\_SB.PCI0.NVRM.REDY ())
                {
                    If (\_SB.PCI0.NVRM.R32 (NV_WMI_PRIVACY)) { Return (Local0) }
                }
                Return (Concatenate (Mid (Local0, 0, 20), Mid (Local0, 40, 80)))
            }

            // A placeholder: the signature of a binary MOF, and nothing in it.
            Name (WQMO, Buffer ()
            {
                0x46, 0x4F, 0x4D, 0x42, 0x01, 0x00, 0x00, 0x00
            })

            // ---- descriptor --------------------------------------------------

            Method (WQAA, 1, Serialized)
            {
                Local0 = Buffer (128) {}
                If (Arg0 != 0) { Return (Local0) }
                CreateDWordField (Local0, 0, VEND)
                CreateDWordField (Local0, 4, OBJE)
                CreateDWordField (Local0, 8, VERS)
                CreateDWordField (Local0, 12, CSIZ)
                CreateDWordField (Local0, 16, HOTF)
                VEND = 0x4C4C4544 // "DELL"
                OBJE = 0x494D5720 // " WMI"
                If (\_SB.PCI0.NVRM.REDY ())
                {
                    VERS = \_SB.PCI0.NVRM.R32 (NV_WMI_VERSION)
                    CSIZ = \_SB.PCI0.NVRM.R32 (NV_WMI_SIZE)
                    HOTF = \_SB.PCI0.NVRM.R32 (NV_WMI_HOTFIX)
                }
                Return (Local0)
            }

            // ---- SMBIOS calls ------------------------------------------------

            Method (WMBA, 3, Serialized)
            {
                // Ends the method when the buffer has less than 44 bytes.
                CreateDWordField (Arg2, 40, BLEN)
                If (!\_SB.PCI0.NVRM.REDY ()) { Return (Arg2) }
                // Written so that BLEN + 44 cannot wrap round in 32 bits.
                If (BLEN <= (\_SB.PCI0.NVRM.R32 (NV_WMI_SIZE) - 44))
                {
                    Local1 = SMBF (Arg2, BLEN + 44)
                }
                // For a longer one nothing has been put into it: with the
                // slack that Linux allows firmware this is an Integer, 0.
                Return (Local1)
            }

            // Has SMM do with the first Arg1 bytes of Arg0 what it will. When
            // there are too many of them the buffer goes back untouched.
            Method (SMBF, 2, Serialized)
            {
                Local0 = \_SB.PCI0.NVRM.R32 (NV_WMI_LIMIT)
                If (Local0 == 0) { Local0 = \_SB.PCI0.NVRM.R32 (NV_WMI_SIZE) }
                If ((Arg1 > Local0) || (Arg1 > SizeOf (Arg0))) { Return (Arg0) }
                Local1 = \_SB.PCI0.NVRM.SMBC (Mid (Arg0, 0, Arg1))
                // Bytes behind them stay the caller's.
                CreateField (Arg0, 0, Arg1 << 3, BACK)
                BACK = Local1
                Return (Arg0)
            }

            // ---- privacy -----------------------------------------------------

            // u32 what has a switch, u32 how the switches stand. Asked anew at
            // each read.
            Method (WQDS, 1, Serialized)
            {
                Local0 = Buffer (8) {}
                CreateDWordField (Local0, 0, PHAS)
                CreateDWordField (Local0, 4, PNOW)
                If (\_SB.PCI0.NVRM.REDY ())
                {
                    \_SB.PCI0.NVRM.HOOK (SPACE_OTHER, OTHER_PRIVACY, 0, 0)
                    PHAS = \_SB.PCI0.NVRM.ECPR (0)
                    PNOW = \_SB.PCI0.NVRM.ECPR (1)
                }
                Return (Local0)
            }

            // ---- events ------------------------------------------------------

            // Whether the operating system wants events. Nobody looks at it
            // before an event is announced, only when its words are fetched.
            Name (ECD0, Zero)

            Method (WED0, 1, Serialized)
            {
                ECD0 = Arg0
                // For the host to see; it changes nothing here.
                If (\_SB.PCI0.NVRM.REDY ()) { \_SB.PCI0.NVRM.W32 (NV_WMI_EVENTS, Arg0) }
            }

            // The words of one event, or zeros. An event that was read is gone.
            Method (_WED, 1, Serialized)
            {
                Local7 = Buffer (128) {}
                If (Arg0 != 0xD0) { Return (Local7) }
                If (!\_SB.PCI0.NVRM.REDY ()) { Return (Local7) }
                \_SB.PCI0.NVRM.HOOK (SPACE_OTHER, OTHER_EVENT_DATA, 0, 0)
                If (ECD0)
                {
                    Local0 = \_SB.PCI0.NVRM.R32 (NV_EVENT_TAKEN)
                    If (Local0 != \_SB.PCI0.NVRM.R32 (NV_EVENT_HEAD))
                    {
                        CreateField (Local7, 0, NV_EVENT_SIZE * 8, WRDS)
                        WRDS = \_SB.PCI0.NVRM.RB64 (NV_EVENT_SLOTS +
                            ((Local0 & (NV_EVENT_MAX - 1)) * NV_EVENT_SIZE))
                        \_SB.PCI0.NVRM.W32 (NV_EVENT_TAKEN, Local0 + 1)
                    }
                }
                \_SB.PCI0.NVRM.W32 (NV_EVENT_ASKED,
                    \_SB.PCI0.NVRM.R32 (NV_EVENT_ASKED) + 1)
                Return (Local7)
            }
        }
    }
}
