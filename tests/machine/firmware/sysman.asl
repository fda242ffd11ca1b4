// SPDX-License-Identifier: GPL-2.0

/*
 * BIOS attributes over WMI: what mainline's dell-wmi-sysman binds to. Which
 * attributes there are stands in NVRAM.
 *
 * An attribute may be linked to token locations: then it is another view of
 * the same cells, as on real machines.
 *
 * Status of the methods: 0 done, 1 failed, 2 invalid parameter, 3 access
 * denied, 4 not supported. They must return an Integer: mainline's driver
 * does not survive a method that returns nothing.
 */
DefinitionBlock ("", "SSDT", 2, "SIMDEL", "SYSMAN", 1)
{
    #include "layout.h"

    External (\_SB.PCI0.NVRM.REDY, MethodObj)
    External (\_SB.PCI0.NVRM.HOOK, MethodObj)
    External (\_SB.PCI0.NVRM.R8, MethodObj)
    External (\_SB.PCI0.NVRM.R16, MethodObj)
    External (\_SB.PCI0.NVRM.R32, MethodObj)
    External (\_SB.PCI0.NVRM.W32, MethodObj)
    External (\_SB.PCI0.NVRM.RB32, MethodObj)
    External (\_SB.PCI0.NVRM.RB64, MethodObj)
    External (\_SB.PCI0.NVRM.WB32, MethodObj)
    External (\_SB.PCI0.NVRM.WB64, MethodObj)
    External (\_SB.PCI0.NVRM.LGET, MethodObj)
    External (\_SB.PCI0.NVRM.LSET, MethodObj)

    Scope (\_SB)
    {
        Device (SYSM)
        {
            Name (_HID, "PNP0C14")
            Name (_UID, "SYSMAN")

            Name (WDGB, Buffer ()
            {
                // F1DDEE52-063C-4784-A11E-8A06684B9BF5, enumerations, WQCA
                0x52, 0xEE, 0xDD, 0xF1, 0x3C, 0x06, 0x84, 0x47,
                0xA1, 0x1E, 0x8A, 0x06, 0x68, 0x4B, 0x9B, 0xF5,
                0x43, 0x41, 0x00, 0x00,
                // F1DDEE52-063C-4784-A11E-8A06684B9BFA, integers, WQCB
                0x52, 0xEE, 0xDD, 0xF1, 0x3C, 0x06, 0x84, 0x47,
                0xA1, 0x1E, 0x8A, 0x06, 0x68, 0x4B, 0x9B, 0xFA,
                0x43, 0x42, 0x00, 0x00,
                // F1DDEE52-063C-4784-A11E-8A06684B9BF9, strings, WQCC
                0x52, 0xEE, 0xDD, 0xF1, 0x3C, 0x06, 0x84, 0x47,
                0xA1, 0x1E, 0x8A, 0x06, 0x68, 0x4B, 0x9B, 0xF9,
                0x43, 0x43, 0x00, 0x00,
                // 0894B8D6-44A6-4719-97D7-6AD24108BFD4, passwords, WQCD
                0xD6, 0xB8, 0x94, 0x08, 0xA6, 0x44, 0x19, 0x47,
                0x97, 0xD7, 0x6A, 0xD2, 0x41, 0x08, 0xBF, 0xD4,
                0x43, 0x44, 0x00, 0x00,
                // F1DDEE52-063C-4784-A11E-8A06684B9BF4, set, WMCE
                0x52, 0xEE, 0xDD, 0xF1, 0x3C, 0x06, 0x84, 0x47,
                0xA1, 0x1E, 0x8A, 0x06, 0x68, 0x4B, 0x9B, 0xF4,
                0x43, 0x45, 0x01, 0x02,
                // 70FE8229-D03B-4214-A1C6-1F884B1A892A, set password, WMCF
                0x29, 0x82, 0xFE, 0x70, 0x3B, 0xD0, 0x14, 0x42,
                0xA1, 0xC6, 0x1F, 0x88, 0x4B, 0x1A, 0x89, 0x2A,
                0x43, 0x46, 0x01, 0x02
            })

            // The number of instances of each block is the machine's.
            Method (_WDG, 0, Serialized)
            {
                Local0 = WDGB
                If (\_SB.PCI0.NVRM.REDY ())
                {
                    Local1 = 0
                    While (Local1 < 4)
                    {
                        Local0[(Local1 * 20) + 18] =
                            \_SB.PCI0.NVRM.R32 (NV_ATTR_RANGES + (Local1 * 8) + 4) & 0x7F
                        Local1++
                    }
                }
                Return (Local0)
            }

            // ---- reading -------------------------------------------------

            // Entry of instance Arg1 of kind Arg0; 0 when there is none.
            Method (ENTR, 2, Serialized)
            {
                If (!\_SB.PCI0.NVRM.REDY ()) { Return (Zero) }
                Local0 = NV_ATTR_RANGES + (Arg0 * 8)
                If (Arg1 >= \_SB.PCI0.NVRM.R32 (Local0 + 4)) { Return (Zero) }
                Local1 = \_SB.PCI0.NVRM.R32 (Local0) + Arg1
                If (Local1 >= NV_ATTR_MAX) { Return (Zero) }
                Return (NV_ATTRS + (Local1 * NV_ATTR_SIZE))
            }

            // Texts, up to the first 0.
            Method (TX32, 1) { Return (ToString (\_SB.PCI0.NVRM.RB32 (Arg0))) }
            Method (TX64, 1) { Return (ToString (\_SB.PCI0.NVRM.RB64 (Arg0))) }

            // Present value of the enumeration at Arg0: of a linked one, the
            // value whose token is active.
            Method (ECUR, 1, Serialized)
            {
                If (\_SB.PCI0.NVRM.R32 (Arg0 + ATTR_FLAGS) & 2)
                {
                    Local0 = 0
                    Local1 = \_SB.PCI0.NVRM.R32 (Arg0 + ATTR_VALUES)
                    If (Local1 > ATTR_VALUE_MAX) { Local1 = ATTR_VALUE_MAX }
                    While (Local0 < Local1)
                    {
                        Local2 = Arg0 + ATTR_LINK + (Local0 * 4)
                        Local3 = \_SB.PCI0.NVRM.LGET (\_SB.PCI0.NVRM.R16 (Local2))
                        If (Local3 == \_SB.PCI0.NVRM.R16 (Local2 + 2))
                        {
                            Return (TX32 (Arg0 + ATTR_VALUE + (Local0 * ATTR_VALUE_LEN)))
                        }
                        Local0++
                    }
                    Return ("")
                }
                Return (TX64 (Arg0 + ATTR_CURRENT))
            }

            Method (WQCA, 1, Serialized)
            {
                \_SB.PCI0.NVRM.HOOK (SPACE_SYSMAN, SYSMAN_QUERY, Arg0, 0)
                Local0 = ENTR (ATTR_ENUM, Arg0)
                If (Local0 == 0) { Return (Package (1) { 0 }) }
                Local1 = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_VALUES)
                If (Local1 > ATTR_VALUE_MAX) { Local1 = ATTR_VALUE_MAX }
                Local2 = Local1 + 8
                Local3 = Package (Local2) {}
                Local3[0] = TX32 (Local0 + ATTR_NAME)
                Local3[1] = "en|US"
                Local3[2] = TX64 (Local0 + ATTR_DISPLAY)
                Local3[3] = TX64 (Local0 + ATTR_DEFAULT)
                Local3[4] = ECUR (Local0)
                Local3[5] = ""
                Local3[6] = 0
                Local3[7] = Local1
                Local4 = 0
                While (Local4 < Local1)
                {
                    Local3[Local4 + 8] = TX32 (Local0 + ATTR_VALUE + (Local4 * ATTR_VALUE_LEN))
                    Local4++
                }
                Return (Local3)
            }

            Method (WQCB, 1, Serialized)
            {
                \_SB.PCI0.NVRM.HOOK (SPACE_SYSMAN, SYSMAN_QUERY, Arg0, 0)
                Local0 = ENTR (ATTR_INT, Arg0)
                If (Local0 == 0) { Return (Package (1) { 0 }) }
                Local3 = Package (9) {}
                Local3[0] = TX32 (Local0 + ATTR_NAME)
                Local3[1] = "en|US"
                Local3[2] = TX64 (Local0 + ATTR_DISPLAY)
                Local3[3] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_DEFAULT_INT)
                Local3[4] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_CURRENT_INT)
                Local3[5] = ""
                Local3[6] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_MIN)
                Local3[7] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_MAX)
                Local3[8] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_STEP)
                Return (Local3)
            }

            Method (WQCC, 1, Serialized)
            {
                \_SB.PCI0.NVRM.HOOK (SPACE_SYSMAN, SYSMAN_QUERY, Arg0, 0)
                Local0 = ENTR (ATTR_STR, Arg0)
                If (Local0 == 0) { Return (Package (1) { 0 }) }
                Local3 = Package (8) {}
                Local3[0] = TX32 (Local0 + ATTR_NAME)
                Local3[1] = "en|US"
                Local3[2] = TX64 (Local0 + ATTR_DISPLAY)
                Local3[3] = TX64 (Local0 + ATTR_DEFAULT)
                Local3[4] = TX64 (Local0 + ATTR_CURRENT)
                Local3[5] = ""
                Local3[6] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_MIN)
                Local3[7] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_MAX)
                Return (Local3)
            }

            Method (WQCD, 1, Serialized)
            {
                \_SB.PCI0.NVRM.HOOK (SPACE_SYSMAN, SYSMAN_QUERY, Arg0, 0)
                Local0 = ENTR (ATTR_PASSWORD, Arg0)
                If (Local0 == 0) { Return (Package (1) { 0 }) }
                Local3 = Package (4) {}
                Local3[0] = TX32 (Local0 + ATTR_NAME)
                // The simulator has one password, the administrator's.
                Local3[1] = 0
                If (DerefOf (Local3[0]) == "Admin")
                {
                    If (\_SB.PCI0.NVRM.R32 (NV_PW_SET)) { Local3[1] = 1 }
                }
                Local3[2] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_MIN)
                Local3[3] = \_SB.PCI0.NVRM.R32 (Local0 + ATTR_MAX)
                Return (Local3)
            }

            // ---- arguments of the methods ----------------------------------

            // u16 at Arg1 of Buffer Arg0, 0 beyond its end.
            Method (BU16, 2, Serialized)
            {
                If ((Arg1 + 2) > SizeOf (Arg0)) { Return (Zero) }
                Return (DerefOf (Arg0[Arg1]) | (DerefOf (Arg0[Arg1 + 1]) << 8))
            }

            // The text at Arg1: u16 length in bytes, then UTF-16. As a Buffer
            // of 64 bytes, padded with 0; what is no ASCII becomes 0xFF.
            Method (TEXT, 2, Serialized)
            {
                Local0 = Buffer (64) {}
                Local1 = BU16 (Arg0, Arg1) / 2
                If (Local1 > 63) { Local1 = 63 }
                Local2 = 0
                While (Local2 < Local1)
                {
                    Local3 = BU16 (Arg0, Arg1 + 2 + (Local2 * 2))
                    If (Local3 > 0x7F) { Local3 = 0xFF }
                    Local0[Local2] = Local3
                    Local2++
                }
                Return (Local0)
            }

            // Offset behind the text at Arg1.
            Method (SKIP, 2) { Return (Arg1 + 2 + BU16 (Arg0, Arg1)) }

            // Bytes of the security area: type, length, password padded to 2.
            Method (SECL, 1, Serialized)
            {
                If (SizeOf (Arg0) < 8) { Return (Ones) }
                CreateDWordField (Arg0, 4, SLEN)
                If (SLEN > SizeOf (Arg0)) { Return (Ones) }
                Return (8 + ((SLEN + 1) & 0xFFFFFFFE))
            }

            // Is the password in the security area right? Status.
            Method (SECU, 1, Serialized)
            {
                If (!\_SB.PCI0.NVRM.R32 (NV_PW_SET)) { Return (0) }
                If (SizeOf (Arg0) < 8) { Return (2) }
                CreateDWordField (Arg0, 0, STYP)
                CreateDWordField (Arg0, 4, SLEN)
                If (STYP != 1) { Return (3) }
                If ((SLEN >= NV_PW_TEXT_LEN) || ((8 + SLEN) > SizeOf (Arg0))) { Return (3) }
                If (\_SB.PCI0.NVRM.R32 (NV_PW_TRIES) >= \_SB.PCI0.NVRM.R32 (NV_PW_MAX_TRIES)) { Return (3) }
                Local0 = 0
                Local1 = 0
                While (Local0 < NV_PW_TEXT_LEN)
                {
                    Local2 = 0
                    If (Local0 < SLEN) { Local2 = DerefOf (Arg0[8 + Local0]) }
                    If (Local2 != \_SB.PCI0.NVRM.R8 (NV_PW_TEXT + Local0)) { Local1 = 3 }
                    Local0++
                }
                If (Local1)
                {
                    \_SB.PCI0.NVRM.W32 (NV_PW_TRIES, \_SB.PCI0.NVRM.R32 (NV_PW_TRIES) + 1)
                }
                Else
                {
                    \_SB.PCI0.NVRM.W32 (NV_PW_TRIES, 0)
                }
                Return (Local1)
            }

            // The decimal number in a Buffer; Ones when it is none.
            Method (NUMB, 1, Serialized)
            {
                Local0 = 0
                Local1 = 0
                While (DerefOf (Arg0[Local0]))
                {
                    Local2 = DerefOf (Arg0[Local0])
                    If ((Local2 < 0x30) || (Local2 > 0x39) || (Local0 > 8)) { Return (Ones) }
                    Local1 = (Local1 * 10) + (Local2 - 0x30)
                    Local0++
                }
                If (Local0 == 0) { Return (Ones) }
                Return (Local1)
            }

            // The 64-byte Buffer Arg0 as long as its text.
            Method (TSTR, 1) { Return (ToString (Arg0)) }

            // ---- changing ----------------------------------------------------

            // Sets attribute Arg0 (a Buffer with its name) to Arg1 (a Buffer);
            // without doing it when Arg2. Status.
            Method (STOR, 3, Serialized)
            {
                Local7 = TSTR (Arg0)
                Local0 = 0 // kind
                While (Local0 < 3)
                {
                    Local1 = 0
                    While (Local1 < \_SB.PCI0.NVRM.R32 (NV_ATTR_RANGES + (Local0 * 8) + 4))
                    {
                        Local2 = ENTR (Local0, Local1)
                        If (Local2 == 0) { Break }
                        If (TX32 (Local2 + ATTR_NAME) == Local7)
                        {
                            Return (STO1 (Local0, Local2, Arg1, Arg2))
                        }
                        Local1++
                    }
                    Local0++
                }
                Return (2)
            }

            // Args: kind, entry, value, dry.
            Method (STO1, 4, Serialized)
            {
                If (\_SB.PCI0.NVRM.R32 (Arg1 + ATTR_FLAGS) & 1) { Return (3) }
                If (Arg0 == ATTR_INT)
                {
                    Local0 = NUMB (Arg2)
                    If ((Local0 < \_SB.PCI0.NVRM.R32 (Arg1 + ATTR_MIN)) ||
                        (Local0 > \_SB.PCI0.NVRM.R32 (Arg1 + ATTR_MAX))) { Return (2) }
                    If (!Arg3) { \_SB.PCI0.NVRM.W32 (Arg1 + ATTR_CURRENT_INT, Local0) }
                    Return (0)
                }
                Local7 = TSTR (Arg2)
                If (Arg0 == ATTR_STR)
                {
                    Local0 = SizeOf (Local7)
                    If ((Local0 < \_SB.PCI0.NVRM.R32 (Arg1 + ATTR_MIN)) ||
                        (Local0 > \_SB.PCI0.NVRM.R32 (Arg1 + ATTR_MAX))) { Return (2) }
                    If (!Arg3) { \_SB.PCI0.NVRM.WB64 (Arg1 + ATTR_CURRENT, Arg2) }
                    Return (0)
                }
                Local0 = 0
                While (Local0 < \_SB.PCI0.NVRM.R32 (Arg1 + ATTR_VALUES))
                {
                    If (Local0 >= ATTR_VALUE_MAX) { Break }
                    If (TX32 (Arg1 + ATTR_VALUE + (Local0 * ATTR_VALUE_LEN)) == Local7)
                    {
                        If (Arg3) { Return (0) }
                        \_SB.PCI0.NVRM.WB64 (Arg1 + ATTR_CURRENT, Arg2)
                        If (\_SB.PCI0.NVRM.R32 (Arg1 + ATTR_FLAGS) & 2)
                        {
                            Local1 = Arg1 + ATTR_LINK + (Local0 * 4)
                            \_SB.PCI0.NVRM.LSET (\_SB.PCI0.NVRM.R16 (Local1),
                                                 \_SB.PCI0.NVRM.R16 (Local1 + 2))
                        }
                        Return (0)
                    }
                    Local0++
                }
                Return (2)
            }

            // All attributes back to their defaults.
            Method (DFLT, 0, Serialized)
            {
                Local0 = 0
                While (Local0 < 3)
                {
                    Local1 = 0
                    While (Local1 < \_SB.PCI0.NVRM.R32 (NV_ATTR_RANGES + (Local0 * 8) + 4))
                    {
                        Local2 = ENTR (Local0, Local1)
                        If (Local2 == 0) { Break }
                        If (Local0 == ATTR_INT)
                        {
                            \_SB.PCI0.NVRM.W32 (Local2 + ATTR_CURRENT_INT,
                                \_SB.PCI0.NVRM.R32 (Local2 + ATTR_DEFAULT_INT))
                        }
                        Else
                        {
                            STO1 (Local0, Local2, \_SB.PCI0.NVRM.RB64 (Local2 + ATTR_DEFAULT), 0)
                        }
                        Local1++
                    }
                    Local0++
                }
                Return (0)
            }

            Method (WMCE, 3, Serialized)
            {
                Local6 = SYSMAN_SET
                If (Arg1 != 4) { Local6 = SYSMAN_DEFAULTS }
                Local7 = \_SB.PCI0.NVRM.HOOK (SPACE_SYSMAN, Local6, Arg0, 0)
                Local6 = DerefOf (Local7[0])
                Local7 = DerefOf (Local7[1])
                If (!\_SB.PCI0.NVRM.REDY ()) { Return (1) }
                If (Local6 == KIND_FAIL) { Return (Local7) }
                If (Local6 == KIND_IGNORE) { Return (0) }

                Local0 = SECU (Arg2)
                If (Local0) { Return (Local0) }
                Local1 = SECL (Arg2)
                If (Local1 == Ones) { Return (2) }
                Switch (ToInteger (Arg1))
                {
                    Case (4)
                    {
                        Local2 = TEXT (Arg2, Local1)
                        Local3 = TEXT (Arg2, SKIP (Arg2, Local1))
                        Local0 = STOR (Local2, Local3, Local6 == KIND_LIE)
                    }
                    Case (3) { Local0 = DFLT () }
                    Default { Local0 = 4 }
                }
                If (Local6 == KIND_STATUS) { Return (Local7) }
                Return (Local0)
            }

            // Method 1: security area, which password, old, new.
            Method (WMCF, 3, Serialized)
            {
                Local7 = \_SB.PCI0.NVRM.HOOK (SPACE_SYSMAN, SYSMAN_PASSWORD, Arg0, 0)
                Local6 = DerefOf (Local7[0])
                Local7 = DerefOf (Local7[1])
                If (!\_SB.PCI0.NVRM.REDY ()) { Return (1) }
                If (Local6 == KIND_FAIL) { Return (Local7) }
                If (Local6 == KIND_IGNORE) { Return (0) }
                If (Arg1 != 1) { Return (4) }

                Local0 = SECU (Arg2)
                If (Local0) { Return (Local0) }
                Local1 = SECL (Arg2)
                If (Local1 == Ones) { Return (2) }
                If (TSTR (TEXT (Arg2, Local1)) != "Admin") { Return (4) }
                Local2 = SKIP (Arg2, Local1)
                If (\_SB.PCI0.NVRM.R32 (NV_PW_SET))
                {
                    If (TSTR (TEXT (Arg2, Local2)) != TX32 (NV_PW_TEXT)) { Return (3) }
                }
                Local3 = TEXT (Arg2, SKIP (Arg2, Local2))
                Local4 = SizeOf (TSTR (Local3))
                If (Local4)
                {
                    If ((Local4 < \_SB.PCI0.NVRM.R32 (NV_PW_MIN_LEN)) ||
                        (Local4 > \_SB.PCI0.NVRM.R32 (NV_PW_MAX_LEN))) { Return (2) }
                }
                \_SB.PCI0.NVRM.WB32 (NV_PW_TEXT, Local3)
                // No new password: the old one is taken away.
                Local5 = 0
                If (Local4) { Local5 = 1 }
                \_SB.PCI0.NVRM.W32 (NV_PW_SET, Local5)
                Return (0)
            }
        }
    }
}
