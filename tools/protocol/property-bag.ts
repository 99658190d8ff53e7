// Properties of a message as part of a topic: `key=value&key=&key`, percent-encoded (facts 5.3).

function decode(text: string): string {
    try {
        return decodeURIComponent(text)
    } catch {
        // Not percent-encoded after all; better shown as it came than lost.
        return text
    }
}

/** Reads a bag; a key without a value reads as an empty one. */
export function decodePropertyBag(bag: string): Record<string, string> {
    const pairs = bag
        .split("&")
        .filter(pair => pair !== "")
        .map(pair => {
            const [key, ...value] = pair.split("=")
            return [decode(key), decode(value.join("="))]
        })
    return Object.fromEntries(pairs) as Record<string, string>
}

export function encodePropertyBag(properties: Record<string, string>): string {
    return Object.entries(properties)
        .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
        .join("&")
}
