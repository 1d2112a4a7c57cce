import type * as pulumi from "@pulumi/pulumi";
import type { CaRotationStep } from "./enums";

/** Certificates. Two certificate authorities are made, one for peers and one for the client port. */
export interface TlsArgs {
  /** Lifetime of the two authorities, in days. Default: 3650. A change issues everything anew, and rolls the pods. */
  caValidityDays?: number;

  /** Lifetime of all other certificates, in days. Default: 1095. A change issues them anew, without a restart. */
  validityDays?: number;

  /**
   * Days before its end at which the next `pulumi up` renews a certificate, or an authority (with the same key).
   * Default: 365. Members read a renewed certificate at the next handshake; a renewed authority rolls the pods.
   */
  renewBeforeDays?: number;

  /**
   * The organization in the subjects of all certificates but the authorities'. Default: the cluster's name. A change
   * issues them anew, without a restart.
   */
  organization?: string;

  /**
   * DNS names and IP addresses under which clients reach the client port, besides the members', the Service's and
   * `localhost`, such as that of a load balancer. Default: none. A change issues the server certificate anew,
   * without a restart.
   */
  extraServerNames?: string[];

  /**
   * Exchanges the keys of both authorities on the living cluster, in three steps that are declared one after the other,
   * each when `pulumi up` has returned from the one before. Default: the authorities of the first day. Each step is a
   * rolling restart of the members. A step that a running member would not agree with, such as one after a step that
   * was left out, is refused by the controller before the first restart.
   */
  caRotation?: CaRotationArgs;

  /** Secrets of your own instead of certificates made here. With them, `clients` and all else of `tls` can't be given. */
  existing?: ExistingTlsArgs;
}

/**
 * Secrets of the namespace, each with `tls.crt`, `tls.key` and `ca.crt`. The peers' authority must not be the one
 * that signs clients: etcd's peer port accepts any certificate of its authority, and would let clients in.
 */
export interface ExistingTlsArgs {
  /**
   * Shown by a member to the peers that dial it: server authentication, with the DNS names
   * `<cluster>-<0…6>.<cluster>.<namespace>.svc.<domain>` of all possible members.
   */
  peerSecret: pulumi.Input<string>;

  /** Shown by a member to the peers it dials: client authentication, without any DNS name or IP address. */
  peerClientSecret: pulumi.Input<string>;

  /**
   * Shown to clients: server and client authentication, with the members' names, the Service's names, `localhost`,
   * 127.0.0.1 and ::1. Without a common name, so that etcd's HTTP gateway works with authentication on.
   */
  serverSecret: pulumi.Input<string>;

  /** The administrator's: client authentication, common name `root`. Used by `etcdctl` inside the pods. */
  rootSecret: pulumi.Input<string>;

  /** The controller's towards etcd: client authentication, common name `root`. */
  controllerSecret: pulumi.Input<string>;

  /**
   * The controller's towards the members: server authentication, of the peers' authority, with the DNS name
   * `<cluster>-controller.<namespace>.svc.<domain>`.
   */
  controllerServerSecret: pulumi.Input<string>;

  /**
   * Of a restore pod, needed with `restore` and `recovery` only: server and client authentication, of the peers'
   * authority, common name `root`, with the DNS names `<cluster>-restore.<namespace>.svc.<domain>` and `localhost` and
   * the IP address 127.0.0.1.
   */
  restoreSecret?: pulumi.Input<string>;

  /**
   * Anything that changes whenever a `ca.crt` changes: etcd reads it only at its start, so a change here is a rolling
   * restart. Default: empty.
   */
  caRevision?: pulumi.Input<string>;
}

/**
 * Where the exchange of the authorities' keys has come to. It stays declared after the last step, because it says which
 * authorities are the cluster's; the next exchange is the next revision.
 */
export interface CaRotationArgs {
  /**
   * Number of the new authorities. The first day's are 1, so the first exchange is 2, the next one 3: always one more
   * than the one before.
   */
  revision: number;

  /**
   * How far the exchange from `revision - 1` to `revision` has come: `TrustBoth`, then `SignWithNew`, then `DropOld`.
   * Clients have to have read their Secret again after the first step before the second is declared, and after the
   * second before the third. A step may be taken back by declaring the one before it.
   */
  step: CaRotationStep;
}

/** A client with a certificate of its own. */
export interface ClientArgs {
  /** The common name, and the end of the Secret's name: a DNS label, and not `root`. */
  name: string;
}
