// Regular expressions for the log lines of the board that host tools read, built from the texts of the firmware. The
// firmware does not import this file. Pure.

import { LogText } from "./log-text"

/** The lines of the board's log, as sources of regular expressions for whole lines. */
export const LOG_PATTERNS = {
    /** The program has read its settings. Groups: image, registration ID. */
    boot: "^" + LogText.Boot + "\\d+ (\\S+) (\\S+)$",
    /** The board waits after an event. Groups: the event, the seconds. */
    next: "^(.*)" + LogText.Next + "(\\d+) s$",
    /** A new board waits for its slot. Group: the seconds. */
    slot: "^" + LogText.Slot + "(\\d+) s$",
    /** The board registers. */
    registering: "^" + LogText.Registering + "$",
    /** The board knows its hub and is about to connect, or connects. Group: the hub. */
    connecting: "^(?:" + LogText.Known + "|" + LogText.Assigned + "|" + LogText.Connecting + ")(\\S+)$",
    /** The session is open. Group: the hub. */
    moored: "^" + LogText.Moored + "(\\S+)$",
    /** The full image has stored its assignment. */
    stored: "^" + LogText.Stored + "$",
    /** The session or the wait ended without a failure. */
    ended: "^(?:" + LogText.Reprovision + "|" + LogText.ButtonHeld + "|" + LogText.Renewal + ")$",
    /** The boot stopped. */
    setting: "^" + LogText.Setting + "\\S+" + LogText.Malformed + "$",
    /** The runtime restarted the program after a crash. */
    restarted: "^" + LogText.Restarted,
    /** The board reboots itself. */
    reboot: "^(?:" + LogText.PlannedReboot + "|" + LogText.WatchdogReboot + ")$",
}
