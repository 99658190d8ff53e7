// The properties of a message as part of a topic: `key=value&key=&key`, percent-encoded (protocol-facts.md, 5.3).

function decode(text: string): string {
    try {
        return decodeURIComponent(text)
    } catch {
        // Text with a bare `%` is not percent-encoded. It stays as received, so that it is not lost.
        return text
    }
}

/** Returns the properties of a bag. A key without a value has the value "". */
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

/** Returns the bag of `properties`, percent-encoded. */
export function encodePropertyBag(properties: Record<string, string>): string {
    return Object.entries(properties)
        .map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`)
        .join("&")
}
