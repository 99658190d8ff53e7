/** What a pattern of IDs means: `*` stands for any characters, case does not count. */
export function globToRegExp(pattern: string): RegExp {
    const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&")
    return new RegExp(`^${escaped.replaceAll("*", ".*")}$`, "i")
}
