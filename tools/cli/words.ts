// Numbers and times, for a person.

/** `1,234`. */
export const thousands = (n: number) => Math.round(n).toLocaleString("en-US")

/** `1 board`, `1,234 boards`. */
export const counted = (n: number, one: string, many = `${one}s`) => `${thousands(n)} ${n === 1 ? one : many}`

/** `3 h 20 min`, `6 min 12 s`, `12.3 s`. */
export function duration(sec: number): string {
    if (sec < 60) return `${Math.round(sec * 10) / 10} s`
    const whole = Math.round(sec)
    if (sec < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
    if (sec < 86_400) return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
    return `${Math.floor(whole / 86_400)} d ${Math.floor((whole % 86_400) / 3600)} h`
}
