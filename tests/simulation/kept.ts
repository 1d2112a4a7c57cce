/** Shrunk stories that once broke a promise or got stuck. The key says what happens in the story. */
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
  "a template is declared in the first seconds and the pod is recreated": {
    seed: 0,
    members: 1,
    warmUp: 0,
    events: [at("deletePod", 0, 0, 3), at("declareTemplate", 0, 14, 3), at("deletePod", 0, 0, 2)],
  },
  "half of the voters are lost between the record and the execution of a removal for a smaller size": {
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
  "a pod restarts with an intact disk after the record says that its member is to be removed": {
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
  "the first member's directory is deleted five times during the bootstrap": {
    seed: 0,
    members: 1,
    warmUp: 1,
    events: [deleted(1), deleted(1), deleted(1), deleted(4), deleted(0)],
  },
  "the first member's directory is deleted three times during the bootstrap": {
    seed: 0,
    members: 1,
    warmUp: 3,
    events: [deleted(2), deleted(3), deleted(0)],
  },
  "the first member's directory is deleted once more after a repeated bootstrap": {
    seed: 0,
    members: 1,
    warmUp: 3,
    events: [deleted(1), deleted(1), deleted(1), deleted(2), deleted(0)],
  },
  "the first member's directory is deleted a moment after a repeated bootstrap": {
    seed: 0,
    members: 1,
    warmUp: 3,
    events: [deleted(1), deleted(4), deleted(0)],
  },
  "a lower minor version is declared while the first member starts": {
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
  "the record of the first seconds is restored": {
    seed: 0,
    members: 3,
    warmUp: 10,
    events: [at("oldRecordPutBack")],
  },
  "power fails before a new member has received its snapshot": {
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
  "a template is declared while one member restarts and the others are slow": {
    seed: 0,
    members: 3,
    warmUp: 60,
    events: [at("worksSlowly", 4, 1), at("deletePod"), at("declareTemplate"), at("worksSlowly", 17, 1, 1)],
  },
  "the first member's directory is deleted and another volume can't be read for a minute": {
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
  "a volume has room again after etcd failed on it in two pods because it was full": {
    seed: 0,
    members: 3,
    warmUp: 60,
    events: [at("drain", 0, 0, 1), at("volumeFills"), at("deletePod", 0, 0, 8), at("deletePod", 0, 0, 7)],
  },
  "the node that holds another cluster's data is deleted": {
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
  "disks that are rolled back forget a removal and the member's claim is a copy": {
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
  "the record is deleted during an election": {
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
  "one member is declared after a promotion and somebody scales the StatefulSet to 0": {
    seed: 0,
    members: 3,
    warmUp: 0,
    events: [at("deletePod", 0, 0, 10), at("declareSize"), at("scaleByHand")],
  },
  "the only member's directory is deleted after its gate has read it twice": {
    seed: 0,
    members: 1,
    warmUp: 4,
    events: [at("crash", 0, 0, 1), at("crash", 0, 0, 4), at("deleteDirectoryInPlace")],
  },
  "one member is declared, somebody scales the StatefulSet to 0, and the member that returns has lost its log":
    {
      seed: 0,
      members: 3,
      warmUp: 60,
      events: [at("declareSize"), at("scaleByHand"), at("deleteLogInPlace")],
    },
  "one log is corrupt, one member is slow, and one has just started": {
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
  "a member joins again and asks a peer that was cut off while its predecessor was removed": {
    seed: 231871,
    members: 5,
    warmUp: 60,
    events: [at("crash", 2, 0, 4), at("nodeCut"), at("breakWal", 17, 0, 7)],
  },
  "the record is deleted while a claim goes whose pod has no node": {
    seed: 0,
    members: 5,
    nodeLossGraceSeconds: 30,
    warmUp: 0,
    events: [
      at("deletePod", 0, 0, 2),
      at("controllerFreezes", 0, 8, 5),
      at("nodeDeleted", 16, 0, 6),
      at("deletePod", 6, 0, 13),
      at("recordDeleted"),
    ],
  },
  "the record is deleted while two work slowly and the third has no place": {
    seed: 0,
    members: 3,
    warmUp: 40,
    events: [
      at("worksSlowly", 26, 17, 9),
      at("worksSlowly", 4, 12, 11),
      at("drain", 0, 0, 9),
      at("recordDeleted"),
      at("slowSnapshots", 0, 0, 3),
    ],
  },
  "a pod is there with the next minor when the one before is declared": {
    seed: 0,
    members: 1,
    warmUp: 0,
    events: [
      at("controllerFreezes", 0, 1, 3),
      at("declareTemplate", 0, 22),
      at("controllerStarts", 0, 0, 1),
      at("deletePod", 0, 0, 2),
    ],
  },
  "a pod that fails in the middle of a rollout loses its log after its gate has looked": {
    seed: 0,
    members: 5,
    warmUp: 60,
    events: [
      at("volumeFills"),
      at("declareTemplate"),
      at("deletePod", 0, 0, 4),
      at("deletePod", 0, 0, 4),
      at("deleteLogInPlace", 4),
    ],
  },
};
