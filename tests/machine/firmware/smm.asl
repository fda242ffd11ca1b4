// SPDX-License-Identifier: GPL-2.0

/*
 * What SMM and the embedded controller answer. ALL OF IT IS CHOSEN: ACPI
 * tables of real machines show how bytes get to SMM and back (wmi.asl,
 * sysman.asl), and none of them shows what happens to them there. README.md
 * says what was chosen, and what some of it was taken from. This file and, for
 * BIOS attributes, smm-attributes.asl are the only ones that decide about a
 * status, a value or a password of these interfaces.
 *
 * Status of an SMBIOS call, output[0]: 0 done, -1 completed with an error,
 * -2 no such function.
 */
DefinitionBlock ("", "SSDT", 2, "SIMDEL", "SMM", 1)
{
    #include "layout.h"

    External (\_SB.PCI0.NVRM, DeviceObj)
    External (\_SB.PCI0.NVRM.HOOK, MethodObj)
    External (\_SB.PCI0.NVRM.R8, MethodObj)
    External (\_SB.PCI0.NVRM.R32, MethodObj)
    External (\_SB.PCI0.NVRM.W32, MethodObj)
    External (\_SB.PCI0.NVRM.LOCA, MethodObj)
    External (\_SB.PCI0.NVRM.LGET, MethodObj)
    External (\_SB.PCI0.NVRM.LSET, MethodObj)

    Scope (\_SB.PCI0.NVRM)
    {
        // ---- embedded controller ------------------------------------------------

        // Privacy: 0 what has a switch, 1 how the switches stand.
        Method (ECPR, 1, Serialized)
        {
            If (Arg0) { Return (R32 (NV_PRIVACY_NOW)) }
            Return (R32 (NV_PRIVACY_HAS))
        }

        // ---- SMBIOS calls -------------------------------------------------------

        // The call in the Buffer Arg0, of 44 bytes or more. Returns it with
        // its outputs filled in.
        Method (SMBC, 1, Serialized)
        {
            CreateWordField (Arg0, 0, CLAS)
            CreateWordField (Arg0, 2, SELE)
            CreateDWordField (Arg0, 4, IN00)
            CreateDWordField (Arg0, 20, OUT0)
            CreateDWordField (Arg0, 24, OUT1)
            CreateDWordField (Arg0, 28, OUT2)
            CreateDWordField (Arg0, 32, OUT3)

            Local7 = HOOK (SPACE_SMBIOS, CLAS, SELE, IN00)
            Local6 = DerefOf (Local7[0])
            Local7 = DerefOf (Local7[1])

            // As a firmware that does not know the call: the buffer goes
            // back as it came, whatever the caller had put there.
            If (Local6 == KIND_IGNORE) { Return (Arg0) }

            // Whether a refused call leaves the caller's numbers here.
            OUT1 = 0
            OUT2 = 0
            OUT3 = 0
            If (Local6 == KIND_FAIL)
            {
                OUT0 = Local7
                Return (Arg0)
            }

            OUT0 = 0xFFFFFFFE
            Switch (ToInteger (CLAS))
            {
                Case (0) { SMRD (Arg0) }
                Case (1) { SMWR (Arg0, Local6) }
                Case (9) { SMUS (Arg0) }
                Case (10) { SMAD (Arg0) }
                Case (17)
                {
                    // 3: dell-wmi registers for hotkey events.
                    If (SELE == 3) { OUT0 = 0 }
                }
            }

            If (Local6 == KIND_READBACK) { OUT1 = Local7 }
            If (Local6 == KIND_STATUS) { OUT0 = Local7 }
            Return (Arg0)
        }

        // Class 0: read the cell at location input[0]. Select 0, 1 and 2
        // (any, battery, AC) show the same cell.
        Method (SMRD, 1, Serialized)
        {
            CreateWordField (Arg0, 2, SELE)
            CreateDWordField (Arg0, 4, IN00)
            CreateDWordField (Arg0, 20, OUT0)
            CreateDWordField (Arg0, 24, OUT1)
            CreateDWordField (Arg0, 28, OUT2)
            CreateDWordField (Arg0, 32, OUT3)

            If (SELE > 2) { Return }
            OUT0 = 0xFFFFFFFF
            If (IN00 > 0xFFFF) { Return }
            // The first half of an entry at once: value, flags, largest.
            Local0 = R32 (LOCA (IN00))
            If (!((Local0 >> (8 * LOC_FLAGS)) & LOC_PRESENT)) { Return }
            OUT1 = LGET (IN00)
            OUT2 = 0
            OUT3 = (Local0 >> (8 * LOC_MAX)) & 0xFF
            OUT0 = 0
        }

        // Class 1: write input[1] to location input[0], with the security
        // key input[2] where an administrator password is installed.
        Method (SMWR, 2, Serialized)
        {
            CreateWordField (Arg0, 2, SELE)
            CreateDWordField (Arg0, 4, IN00)
            CreateDWordField (Arg0, 8, IN01)
            CreateDWordField (Arg0, 12, IN02)
            CreateDWordField (Arg0, 20, OUT0)

            If (SELE > 2) { Return }
            OUT0 = 0xFFFFFFFF
            If (IN00 > 0xFFFF) { Return }
            Local0 = R32 (LOCA (IN00))
            Local1 = Local0 >> (8 * LOC_FLAGS)
            If (!(Local1 & LOC_PRESENT)) { Return }
            If (Local1 & LOC_READ_ONLY) { Return }
            Local2 = (Local0 >> (8 * LOC_MAX)) & 0xFF
            If (Local2 == LOC_MAX_ANY) { Local2 = 0xFFFF }
            If (IN01 > Local2) { Return }
            If (R32 (NV_PW_SET))
            {
                If ((IN02 & 0xFFFF) != R32 (NV_PW_KEY))
                {
                    // Some machines say success and change nothing.
                    If (R32 (NV_PW_SILENT)) { OUT0 = 0 }
                    Return
                }
            }
            If (Arg1 != KIND_LIE) { LSET (IN00, IN01) }
            OUT0 = 0
        }

        // Class 9: there is never a user password.
        Method (SMUS, 1, Serialized)
        {
            CreateWordField (Arg0, 2, SELE)
            CreateDWordField (Arg0, 20, OUT0)
            CreateDWordField (Arg0, 24, OUT1)
            If (SELE == 0) { OUT0 = 1 }
            If (SELE == 3)
            {
                OUT0 = 0
                OUT1 = 1
            }
        }

        // Class 10: the administrator password.
        Method (SMAD, 1, Serialized)
        {
            CreateWordField (Arg0, 2, SELE)
            CreateDWordField (Arg0, 4, IN00)
            CreateDWordField (Arg0, 20, OUT0)
            CreateDWordField (Arg0, 24, OUT1)
            CreateDWordField (Arg0, 36, ATTR)

            Switch (ToInteger (SELE))
            {
                // Is it installed? 0 yes, 1 no.
                Case (0)
                {
                    OUT0 = 1
                    If (R32 (NV_PW_SET)) { OUT0 = 0 }
                }
                // Verify: up to 8 codes of keys in input[0..1].
                Case (1) { SMVF (Arg0, 4, 8, 1) }
                // Properties: 0 installed, 1 not; longest, shortest; bit 24: ASCII.
                Case (3)
                {
                    Local0 = 1
                    If (R32 (NV_PW_SET)) { Local0 = 0 }
                    Local0 |= (R32 (NV_PW_MAX_LEN) & 0xFF) << 8
                    Local0 |= (R32 (NV_PW_MIN_LEN) & 0xFF) << 16
                    OUT1 = Local0 | 0x01000000
                    OUT0 = 0
                }
                // Verify characters: input[0] is where in the whole buffer
                // they stand. The attributes have to say so, and there have
                // to be as many bytes as the longest password has.
                Case (4)
                {
                    OUT0 = 0xFFFFFFFF
                    Local0 = R32 (NV_PW_MAX_LEN)
                    If ((ATTR == 1) && (IN00 >= 44) && (IN00 < SizeOf (Arg0)))
                    {
                        If ((SizeOf (Arg0) - IN00) >= Local0)
                        {
                            SMVF (Arg0, IN00, Local0, 0)
                        }
                    }
                }
            }
        }

        // Compares Arg2 bytes at Arg1 of the call with the password, as
        // codes of keys where Arg3 is set. Status 0 and the security key in
        // output[1], or status 2.
        Method (SMVF, 4, Serialized)
        {
            CreateDWordField (Arg0, 20, OUT0)
            CreateDWordField (Arg0, 24, OUT1)

            OUT0 = 0xFFFFFFFF
            If (!R32 (NV_PW_SET)) { Return }
            OUT0 = 2
            If (PWIS (Mid (Arg0, Arg1, Arg2), Arg3)) { Return }
            OUT1 = R32 (NV_PW_KEY)
            OUT0 = 0
        }

        // ---- the administrator password -----------------------------------------

        // Codes of the keys that characters 0x20 to 0x5F are typed with on a
        // US keyboard (set 1), with or without shift.
        Name (KEYS, Buffer (64)
        {
            0x39, 0x02, 0x28, 0x04, 0x05, 0x06, 0x08, 0x28,
            0x0A, 0x0B, 0x09, 0x0D, 0x33, 0x0C, 0x34, 0x35,
            0x0B, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08,
            0x09, 0x0A, 0x27, 0x27, 0x33, 0x0D, 0x34, 0x35,
            0x03, 0x1E, 0x30, 0x2E, 0x20, 0x12, 0x21, 0x22,
            0x23, 0x17, 0x24, 0x25, 0x26, 0x32, 0x31, 0x18,
            0x19, 0x10, 0x13, 0x1F, 0x14, 0x16, 0x2F, 0x11,
            0x2D, 0x15, 0x2C, 0x1A, 0x2B, 0x1B, 0x07, 0x0C
        })

        // The code of the key of character Arg0; 0 for no character.
        Method (KEYC, 1)
        {
            If ((Arg0 < 0x20) || (Arg0 > 0x7E)) { Return (0) }
            If ((Arg0 == 0x60) || (Arg0 == 0x7E)) { Return (0x29) }
            // Capital and small letters have one key, as have [ and {.
            If (Arg0 > 0x60) { Return (DerefOf (KEYS[Arg0 - 0x40])) }
            Return (DerefOf (KEYS[Arg0 - 0x20]))
        }

        // 0 when the Buffer Arg0, padded with 0, is the password, or with
        // Arg1 the codes of its keys. Chosen: after too many wrong ones the
        // right one is called wrong as well, until the next power-on.
        Method (PWIS, 2, Serialized)
        {
            If (R32 (NV_PW_TRIES) >= R32 (NV_PW_MAX_TRIES)) { Return (1) }
            Local0 = 0
            Local1 = 0
            While (Local0 < NV_PW_TEXT_LEN)
            {
                Local2 = 0
                If (Local0 < SizeOf (Arg0)) { Local2 = DerefOf (Arg0[Local0]) }
                Local3 = R8 (NV_PW_TEXT + Local0)
                If (Arg1) { Local3 = KEYC (Local3) }
                If (Local2 != Local3) { Local1 = 1 }
                Local0++
            }
            If (Local1)
            {
                W32 (NV_PW_TRIES, R32 (NV_PW_TRIES) + 1)
            }
            Else
            {
                W32 (NV_PW_TRIES, 0)
            }
            Return (Local1)
        }
    }
}
