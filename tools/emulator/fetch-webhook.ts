import type { CallWebhook } from "./dps/allocation-webhook.js"

/** DPS gives a webhook five seconds. */
const LIMIT_MS = 5000

/** Asks a webhook over the network. */
export const fetchWebhook: CallWebhook = async (url, body) => {
    const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json; charset=utf-8" },
        body,
        signal: AbortSignal.timeout(LIMIT_MS),
    })
    return { status: response.status, body: await response.text() }
}
