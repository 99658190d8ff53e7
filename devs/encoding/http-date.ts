// The `Date` header of HTTP, the only source of the time for a board. Pure.

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"

/** Returns the number at `at`. It ends at the first character that is not a digit. */
function number(text: string, at: number): number {
    return parseInt(text.slice(at, at + 4))
}

/**
 * Returns the seconds since 1970 of a date in one of the three forms of HTTP (RFC 9110, section 5.6.7). Returns
 * undefined for any other text and for a time before 2020 or after 2099. The function treats every fourth year as a leap
 * year, which is correct in these years.
 */
export function parseHttpDate(text: string): number | undefined {
    const comma = text.indexOf(",")
    // `06 Nov 2026 08:49:37 GMT`, `06-Nov-26 08:49:37 GMT`, or ` 6 Nov 2026 08:49:37 GMT` from `Fri Nov  6 08:49:37 2026`.
    const date =
        comma < 0
            ? text.slice(8, 11) + text.slice(4, 8) + text.slice(20) + text.slice(10, 19) + " GMT"
            : text.slice(comma + 2)
    const timeAt = date.length - 12
    if (timeAt !== 12 && timeAt !== 10) return undefined
    const month = MONTHS.indexOf(date.slice(3, 6))
    let year = number(date, 7)
    // A year of two digits that is more than 50 years ahead belongs to the past century, so the date is too old.
    if (timeAt < 12 && year < 76) year += 2000
    const day = number(date, 0)
    const time = number(date, timeAt) * 3600 + number(date, timeAt + 3) * 60 + number(date, timeAt + 6)
    if (month < 0 || month % 3 || isNaN(day + time) || !(year >= 2020 && year < 2100)) return undefined
    // Days before this month. Years start in March here, so that the leap day is the last day.
    const m = month / 3 + 1
    const y = m < 3 ? year - 1 : year
    const days = y * 365 + (y >> 2) + Math.floor((153 * ((m + 9) % 12) + 2) / 5) + day - 719484
    return days * 86400 + time
}
