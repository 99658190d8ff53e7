/** Returns the regular expression of a pattern of IDs. `*` matches any characters, and case is ignored. */
export function globToRegExp(pattern: string): RegExp {
    const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&")
    return new RegExp(`^${escaped.replaceAll("*", ".*")}$`, "i")
}
