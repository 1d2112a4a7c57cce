/** Stories that once broke a promise or got stuck, shrunk, with what was wrong. */
import type { Story } from "./story";

const at = (fault: string, a = 0, b = 0, ticks = 0) => ({ fault, a, b, ticks });
const deleted = (ticks: number) => at("deleteDirectoryInPlace", 0, 0, ticks);

export const KEPT: Readonly<Record<string, Story>> = {
  "a template is declared while the only pod has passed its gate": {
    seed: 0,
    members: 1,
    warmUp: 40,
    events: [at("deletePod"), at("declareTemplate", 0, 2), at("controllerFreezes", 0, 5, 5)],
  },
  "a template is declared in the first seconds, and the pod is made anew": {
    seed: 0,
    members: 1,
    warmUp: 0,
    events: [at("deletePod", 0, 0, 3), at("declareTemplate", 0, 14, 3), at("deletePod", 0, 0, 2)],
  },
  "a removal for a smaller size is written down, and half of the voters are lost before it is done": {
    seed: 0,
    members: 3,
    warmUp: 60,
    events: [
      at("controllerFreezes"),
      at("declareSize", 0, 0, 2),
      at("rollBackDisk", 0, 0, 1),
      at("deletePod", 4, 0, 1),
    ],
  },
  "a removal for a smaller size is written down, and its pod restarts with its whole disk": {
    seed: 243,
    members: 3,
    warmUp: 40,
    events: [
      at("allNodesReboot", 0, 0, 2),
      at("declareSize", 0, 0, 3),
      at("controllerSlow", 0, 0, 2),
      at("deletePod", 0, 0, 1),
      at("crash"),
      at("controllerSlow", 0, 0, 1),
    ],
  },
  "the seed's directory goes five times during the birth": {
    seed: 0,
    members: 1,
    warmUp: 1,
    events: [deleted(1), deleted(1), deleted(1), deleted(4), deleted(0)],
  },
  "the seed's directory goes three times during the birth": {
    seed: 0,
    members: 1,
    warmUp: 3,
    events: [deleted(2), deleted(3), deleted(0)],
  },
  "the seed's directory goes once more after a repeated birth": {
    seed: 0,
    members: 1,
    warmUp: 3,
    events: [deleted(1), deleted(1), deleted(1), deleted(2), deleted(0)],
  },
  "the seed's directory goes a moment after it was repeated": {
    seed: 0,
    members: 1,
    warmUp: 3,
    events: [deleted(1), deleted(4), deleted(0)],
  },
  "a minor down is declared in the seconds in which the first member starts": {
    seed: 0,
    members: 1,
    warmUp: 0,
    events: [
      at("deletePod", 0, 0, 3),
      at("declareTemplate", 0, 15, 3),
      at("deletePod"),
      at("controllerFreezes", 0, 5, 5),
    ],
  },
  "the record of the first seconds is put back": {
    seed: 0,
    members: 3,
    warmUp: 10,
    events: [at("oldRecordPutBack")],
  },
  "power fails while a new member has none of its snapshot yet": {
    seed: 0,
    members: 3,
    warmUp: 0,
    events: [at("slowSnapshots", 1, 0, 10), at("allNodesReboot")],
  },
  "a clock is set back by hours": {
    seed: 913569,
    members: 3,
    warmUp: 10,
    events: [at("clockIsSet", 28, 1, 2), at("declareTemplate", 2, 1, 3), at("clockIsSet", 0, 3, 3)],
  },
  "one is restarting and the others work slowly while a template is declared": {
    seed: 0,
    members: 3,
    warmUp: 60,
    events: [at("worksSlowly", 4, 1), at("deletePod"), at("declareTemplate"), at("worksSlowly", 17, 1, 1)],
  },
  "the seed's directory goes, and another volume can't be looked at for a minute": {
    seed: 10,
    members: 3,
    warmUp: 0,
    events: [
      at("deletePod", 0, 0, 4),
      at("drain", 22, 0, 1),
      at("deleteDirectoryInPlace"),
      at("deletePod", 0, 0, 4),
      at("deletePod", 0, 0, 7),
      at("deletePod", 0, 0, 8),
      at("deletePod", 0, 0, 9),
    ],
  },
  "a volume was full while etcd failed on it in two pods, and has room again": {
    seed: 0,
    members: 3,
    warmUp: 60,
    events: [at("drain", 0, 0, 1), at("volumeFills"), at("deletePod", 0, 0, 8), at("deletePod", 0, 0, 7)],
  },
  "the node goes on which another cluster's data is": {
    seed: 0,
    members: 3,
    nodeLossGraceSeconds: 30,
    warmUp: 0,
    events: [
      at("deletePod", 0, 0, 5),
      at("deletePod", 1, 0, 11),
      at("foreignDisk", 10),
      at("nodesReturn", 0, 0, 3),
      at("nodeDeleted", 17),
    ],
  },
  "disks that are rolled back forget a removal, and the member's claim is a copy": {
    seed: 327183,
    members: 5,
    warmUp: 40,
    events: [
      at("allNodesReboot", 0, 0, 3),
      at("rollBackDisk", 2, 0, 3),
      at("claimFromOldCopy", 0, 0, 2),
      at("allNodesReboot"),
    ],
  },
  "the record is deleted in the moment of an election": {
    seed: 0,
    members: 3,
    warmUp: 60,
    events: [
      at("deletePod", 0, 0, 1),
      at("worksSlowly", 7, 1),
      at("hideFromController"),
      at("recordDeleted", 0, 0, 1),
    ],
  },
  "all pods are scaled away by hand after a promotion, and one is declared": {
    seed: 0,
    members: 3,
    warmUp: 0,
    events: [at("deletePod", 0, 0, 10), at("declareSize"), at("scaleByHand")],
  },
  "the only member's directory goes after its gate has looked twice": {
    seed: 0,
    members: 1,
    warmUp: 4,
    events: [at("crash", 0, 0, 1), at("crash", 0, 0, 4), at("deleteDirectoryInPlace")],
  },
  "one is declared, all pods are scaled away by hand, and the one that returns lost its log": {
    seed: 0,
    members: 3,
    warmUp: 60,
    events: [at("declareSize"), at("scaleByHand"), at("deleteLogInPlace")],
  },
  "one log is broken, one member only works slowly, and one has just started": {
    seed: 0,
    members: 3,
    warmUp: 40,
    events: [
      at("deletePod", 0, 0, 4),
      at("worksSlowly", 8, 16),
      at("declareTemplate", 0, 0, 7),
      at("worksSlowly", 0, 0, 13),
      at("breakWal"),
      at("claimFromOldCopy", 4, 0, 11),
    ],
  },
  "a member joins anew and asks a peer that was cut off while the one before was removed": {
    seed: 231871,
    members: 5,
    warmUp: 60,
    events: [at("crash", 2, 0, 4), at("nodeCut"), at("breakWal", 17, 0, 7)],
  },
};
