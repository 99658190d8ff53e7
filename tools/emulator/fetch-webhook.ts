import type { CallWebhook } from "./dps/allocation-webhook.js"

/** DPS waits five seconds for a webhook (Microsoft, "How to use custom allocation policies"). */
const TIMEOUT_MS = 5000

/** Calls a webhook over the network. */
export const fetchWebhook: CallWebhook = async (url, body) => {
    const response = await fetch(url, {
        method: "POST",
        headers: { "Content-Type": "application/json; charset=utf-8" },
        body,
        signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    return { status: response.status, body: await response.text() }
}
