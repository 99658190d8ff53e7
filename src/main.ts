// The full image: caches its hub in flash, and keeps a twin.
import { moor } from "@moorage/device"
import {
    buttonAsked,
    countRestarts,
    openedTwin,
    recallFromFlash,
    receivedTwin,
    rememberInFlash,
    shine,
} from "@moorage/device/full"

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
