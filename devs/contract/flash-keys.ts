// The settings that the board writes to its own flash. Pure.

export const enum FlashKey {
    /** The assignment record, and the rest of a record that is longer than one setting. */
    Record = "hub",
    RecordRest = "hub2",
    /** The number of consecutive crashes. */
    Crashes = "crashes",
}

/** From this number of consecutive crashes on, the full image boots in safe mode. */
export const CRASHES_MAX = 3

/** Returns the owner text that the checksum of a record covers. The text contains the device key. */
export function recordOwner(dpsHost: string, idScope: string, key: string): string {
    return dpsHost + "|" + idScope + "|" + key + "|"
}
