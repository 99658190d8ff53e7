// The full image: caches its hub in flash, and keeps a twin.
import { moor } from "../devs/agent"
import { buttonAsked } from "../devs/agent/button"
import { recallFromFlash, rememberInFlash } from "../devs/agent/flashmemory"
import { shine } from "../devs/agent/lamp"
import { countRestarts } from "../devs/agent/restarts"
import { openedTwin, receivedTwin } from "../devs/agent/twin"

moor({
    name: "main",
    recall: recallFromFlash,
    remember: rememberInFlash,
    restarted: countRestarts,
    shine: shine,
    asked: buttonAsked,
    opened: openedTwin,
    received: receivedTwin,
})
