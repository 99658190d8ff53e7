// The full image: caches its hub in flash, and keeps a twin.
import { moor } from "@moorage/device"
import {
    reprovisionRequested,
    countCrash,
    openTwinSession,
    recallFromFlash,
    onTwinMessage,
    storeInFlash,
    runStatusLed,
} from "@moorage/device/full"

moor({
    name: "main",
    recallAssignment: recallFromFlash,
    storeAssignment: storeInFlash,
    countCrash: countCrash,
    runStatusLed: runStatusLed,
    reprovisionRequested: reprovisionRequested,
    onSessionOpen: openTwinSession,
    onMessage: onTwinMessage,
})
