// The `Date` header of HTTP, the only source of the time for a board. Pure.

const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec"

function number(text: string, from: number, to: number): number {
    return parseInt(text.slice(from, to))
}

/**
 * Returns the seconds since 1970 of an IMF-fixdate such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
 * Returns undefined for any other text and for a time before 2020. The function treats every fourth year as a leap year,
 * which is correct until February 2100.
 */
export function parseHttpDate(text: string): number | undefined {
    if (text.length !== 29) return undefined
    const month = MONTHS.indexOf(text.slice(8, 11))
    const year = number(text, 12, 16)
    const day = number(text, 5, 7)
    const time = number(text, 17, 19) * 3600 + number(text, 20, 22) * 60 + number(text, 23, 25)
    if (month < 0 || month % 3 || isNaN(year + day + time) || year < 2020) return undefined
    // Days before this month. Years start in March here, so that the leap day is the last day.
    const m = month / 3 + 1
    const y = m < 3 ? year - 1 : year
    const days = y * 365 + (y >> 2) + Math.floor((153 * ((m + 9) % 12) + 2) / 5) + day - 719484
    return days * 86400 + time
}
