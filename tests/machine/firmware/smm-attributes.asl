// SPDX-License-Identifier: GPL-2.0

/*
 * What SMM answers about BIOS attributes and passwords. As in smm.asl, ALL OF
 * IT IS CHOSEN: no table of a real machine shows it. The numbers of a status
 * are those that mainline's dell-wmi-sysman knows: 0 done, 1 failed, 2 invalid
 * parameter, 3 access denied, 4 not supported.
 *
 * An attribute may be linked to token locations: then it is another view of
 * the same cells.
 */
DefinitionBlock ("", "SSDT", 2, "SIMDEL", "SMMATTR", 1)
{
    #include "layout.h"

    External (\_SB.PCI0.NVRM, DeviceObj)
    External (\_SB.PCI0.NVRM.REDY, MethodObj)
    External (\_SB.PCI0.NVRM.HOOK, MethodObj)
    External (\_SB.PCI0.NVRM.R16, MethodObj)
    External (\_SB.PCI0.NVRM.R32, MethodObj)
    External (\_SB.PCI0.NVRM.W32, MethodObj)
    External (\_SB.PCI0.NVRM.RB64, MethodObj)
    External (\_SB.PCI0.NVRM.WB32, MethodObj)
    External (\_SB.PCI0.NVRM.WB64, MethodObj)
    External (\_SB.PCI0.NVRM.TX32, MethodObj)
    External (\_SB.PCI0.NVRM.TX64, MethodObj)
    External (\_SB.PCI0.NVRM.LGET, MethodObj)
    External (\_SB.PCI0.NVRM.LSET, MethodObj)
    External (\_SB.PCI0.NVRM.PWIS, MethodObj)

    Scope (\_SB.PCI0.NVRM)
    {
        // Entry of instance Arg1 of kind Arg0; 0 when there is none.
        Method (ATEN, 2, Serialized)
        {
            If (!REDY ()) { Return (Zero) }
            Local0 = NV_ATTR_RANGES + (Arg0 * 8)
            If (Arg1 >= R32 (Local0 + 4)) { Return (Zero) }
            Local1 = R32 (Local0) + Arg1
            If (Local1 >= NV_ATTR_MAX) { Return (Zero) }
            Return (NV_ATTRS + (Local1 * NV_ATTR_SIZE))
        }

        // Present value of the enumeration at Arg0: of a linked one, the
        // value whose token is active.
        Method (ATCU, 1, Serialized)
        {
            If (R32 (Arg0 + ATTR_FLAGS) & 2)
            {
                Local0 = 0
                Local1 = R32 (Arg0 + ATTR_VALUES)
                If (Local1 > ATTR_VALUE_MAX) { Local1 = ATTR_VALUE_MAX }
                While (Local0 < Local1)
                {
                    Local2 = Arg0 + ATTR_LINK + (Local0 * 4)
                    Local3 = LGET (R16 (Local2))
                    If (Local3 == R16 (Local2 + 2))
                    {
                        Return (TX32 (Arg0 + ATTR_VALUE + (Local0 * ATTR_VALUE_LEN)))
                    }
                    Local0++
                }
                Return ("")
            }
            Return (TX64 (Arg0 + ATTR_CURRENT))
        }

        // ---- arguments of a method: a security area, then texts -----------------

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
            If (!R32 (NV_PW_SET)) { Return (0) }
            If (SizeOf (Arg0) < 8) { Return (2) }
            CreateDWordField (Arg0, 0, STYP)
            CreateDWordField (Arg0, 4, SLEN)
            If (STYP != 1) { Return (3) }
            If ((SLEN >= NV_PW_TEXT_LEN) || ((8 + SLEN) > SizeOf (Arg0))) { Return (3) }
            If (PWIS (Mid (Arg0, 8, SLEN), 0)) { Return (3) }
            Return (0)
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

        // Sets attribute Arg0 (a Buffer with its name) to Arg1 (a Buffer);
        // without doing it when Arg2. Status.
        Method (ATST, 3, Serialized)
        {
            Local7 = ToString (Arg0)
            Local0 = 0 // kind
            While (Local0 < 3)
            {
                Local1 = 0
                While (Local1 < R32 (NV_ATTR_RANGES + (Local0 * 8) + 4))
                {
                    Local2 = ATEN (Local0, Local1)
                    If (Local2 == 0) { Break }
                    If (TX32 (Local2 + ATTR_NAME) == Local7)
                    {
                        Return (ATS1 (Local0, Local2, Arg1, Arg2))
                    }
                    Local1++
                }
                Local0++
            }
            Return (2)
        }

        // Args: kind, entry, value, dry.
        Method (ATS1, 4, Serialized)
        {
            If (R32 (Arg1 + ATTR_FLAGS) & 1) { Return (3) }
            If (Arg0 == ATTR_INT)
            {
                Local0 = NUMB (Arg2)
                If ((Local0 < R32 (Arg1 + ATTR_MIN)) ||
                    (Local0 > R32 (Arg1 + ATTR_MAX))) { Return (2) }
                If (!Arg3) { W32 (Arg1 + ATTR_CURRENT_INT, Local0) }
                Return (0)
            }
            Local7 = ToString (Arg2)
            If (Arg0 == ATTR_STR)
            {
                Local0 = SizeOf (Local7)
                If ((Local0 < R32 (Arg1 + ATTR_MIN)) ||
                    (Local0 > R32 (Arg1 + ATTR_MAX))) { Return (2) }
                If (!Arg3) { WB64 (Arg1 + ATTR_CURRENT, Arg2) }
                Return (0)
            }
            Local0 = 0
            While (Local0 < R32 (Arg1 + ATTR_VALUES))
            {
                If (Local0 >= ATTR_VALUE_MAX) { Break }
                If (TX32 (Arg1 + ATTR_VALUE + (Local0 * ATTR_VALUE_LEN)) == Local7)
                {
                    If (Arg3) { Return (0) }
                    WB64 (Arg1 + ATTR_CURRENT, Arg2)
                    If (R32 (Arg1 + ATTR_FLAGS) & 2)
                    {
                        Local1 = Arg1 + ATTR_LINK + (Local0 * 4)
                        LSET (R16 (Local1),
                                             R16 (Local1 + 2))
                    }
                    Return (0)
                }
                Local0++
            }
            Return (2)
        }

        // All attributes back to their defaults, but those that are read-only.
        Method (ATDF, 0, Serialized)
        {
            Local0 = 0
            While (Local0 < 3)
            {
                Local1 = 0
                While (Local1 < R32 (NV_ATTR_RANGES + (Local0 * 8) + 4))
                {
                    Local2 = ATEN (Local0, Local1)
                    If (Local2 == 0) { Break }
                    If (R32 (Local2 + ATTR_FLAGS) & 1)
                    {
                        // It keeps its value, of whatever kind it is.
                    }
                    ElseIf (Local0 == ATTR_INT)
                    {
                        W32 (Local2 + ATTR_CURRENT_INT,
                            R32 (Local2 + ATTR_DEFAULT_INT))
                    }
                    Else
                    {
                        ATS1 (Local0, Local2, RB64 (Local2 + ATTR_DEFAULT), 0)
                    }
                    Local1++
                }
                Local0++
            }
            Return (0)
        }

        // A method for attributes, of number Arg0 and for instance Arg1, with
        // the Buffer Arg2. Status.
        Method (SYAT, 3, Serialized)
        {
            Local6 = SYSMAN_SET
            If (Arg0 != 4) { Local6 = SYSMAN_DEFAULTS }
            Local7 = HOOK (SPACE_SYSMAN, Local6, Arg1, 0)
            Local6 = DerefOf (Local7[0])
            Local7 = DerefOf (Local7[1])
            If (!REDY ()) { Return (1) }
            If (Local6 == KIND_FAIL) { Return (Local7) }
            If (Local6 == KIND_IGNORE) { Return (0) }

            Local0 = SECU (Arg2)
            If (Local0) { Return (Local0) }
            Local1 = SECL (Arg2)
            If (Local1 == Ones) { Return (2) }
            Switch (ToInteger (Arg0))
            {
                // SetAttribute: security area, name, value.
                Case (4)
                {
                    Local2 = TEXT (Arg2, Local1)
                    Local3 = TEXT (Arg2, SKIP (Arg2, Local1))
                    Local0 = ATST (Local2, Local3, Local6 == KIND_LIE)
                }
                // SetBIOSDefaults, of whatever kind.
                Case (3) { Local0 = ATDF () }
                // SetDefaultValue, SetDefaultValues, SetAttributes.
                Default { Local0 = 4 }
            }
            If (Local6 == KIND_STATUS) { Return (Local7) }
            Return (Local0)
        }

        // Sets a password, for instance Arg0, from the Buffer Arg1: security
        // area, which one, old, new. Status.
        Method (SYPW, 2, Serialized)
        {
            Local7 = HOOK (SPACE_SYSMAN, SYSMAN_PASSWORD, Arg0, 0)
            Local6 = DerefOf (Local7[0])
            Local7 = DerefOf (Local7[1])
            If (!REDY ()) { Return (1) }
            If (Local6 == KIND_FAIL) { Return (Local7) }
            If (Local6 == KIND_IGNORE) { Return (0) }

            Local0 = SECU (Arg1)
            If (Local0) { Return (Local0) }
            Local1 = SECL (Arg1)
            If (Local1 == Ones) { Return (2) }
            // There is one password, the administrator's.
            If (ToString (TEXT (Arg1, Local1)) != "Admin") { Return (4) }
            Local2 = SKIP (Arg1, Local1)
            If (R32 (NV_PW_SET))
            {
                If (ToString (TEXT (Arg1, Local2)) != TX32 (NV_PW_TEXT)) { Return (3) }
            }
            Local3 = TEXT (Arg1, SKIP (Arg1, Local2))
            Local5 = ToString (Local3)
            Local4 = SizeOf (Local5)
            If (Local4)
            {
                If ((Local4 < R32 (NV_PW_MIN_LEN)) || (Local4 > R32 (NV_PW_MAX_LEN))) { Return (2) }
            }
            WB32 (NV_PW_TEXT, Local3)
            // No new password: the old one is taken away.
            Local5 = 0
            If (Local4) { Local5 = 1 }
            W32 (NV_PW_SET, Local5)
            Return (0)
        }

        // Is password object Arg0 (a name) set?
        Method (PWON, 1, Serialized)
        {
            If ((Arg0 == "Admin") && R32 (NV_PW_SET)) { Return (1) }
            Return (0)
        }
    }
}
