import type * as pulumi from "@pulumi/pulumi";
import type { CaRotationStep } from "./enums";

/** Certificates. The component creates two certificate authorities, one for peers and one for the client port. */
export interface Tls {
  /**
   * Lifetime of both authorities, in days. Default: 3650. A change issues all certificates anew and is a rolling
   * restart.
   */
  caValidityDays?: number;

  /** Lifetime of all other certificates, in days. Default: 1095. A change issues them anew and restarts no member. */
  validityDays?: number;

  /**
   * The number of days before its expiry from which `pulumi up` renews a certificate, or an authority with the same
   * key. Default: 365, or a third of a shorter lifetime. Members read a renewed certificate at the next handshake. A
   * renewed authority is a rolling restart.
   */
  renewBeforeDays?: number;

  /**
   * The organization in the subject of all certificates except the authorities'. Default: the cluster's name. A change
   * issues them anew and restarts no member.
   */
  organization?: string;

  /**
   * Additional DNS names and IP addresses for the server certificate, such as a load balancer's name. It always has
   * those of the members, of the Service and of `localhost`. Default: none. A change issues the server certificate anew
   * and restarts no member.
   */
  extraServerNames?: pulumi.Input<pulumi.Input<string>[]>;

  /**
   * Rotates the keys of both authorities of a running cluster, in three steps. Declare each step after `pulumi up` has
   * finished the one before. Default: the cluster's first authorities. Each step is a rolling restart. The controller
   * refuses a step that is not compatible with a running member, for example after a step that was left out, before it
   * restarts any member.
   */
  caRotation?: CaRotation;

  /** Your own Secrets instead of certificates of the component. They exclude `clients` and everything else of `tls`. */
  existing?: ExistingTls;
}

/**
 * Secrets of the namespace, each with `tls.crt`, `tls.key` and `ca.crt`. Use different authorities for peers and for
 * clients: etcd's peer port accepts every certificate of the peers' authority.
 */
export interface ExistingTls {
  /**
   * The server certificate of the peer port: server authentication, with the DNS names
   * `<cluster>-<0…6>.<cluster>.<namespace>.svc.<domain>` of all possible members.
   */
  peerSecret: pulumi.Input<string>;

  /** A member's client certificate for other peers: client authentication, without DNS names and IP addresses. */
  peerClientSecret: pulumi.Input<string>;

  /**
   * The server certificate of the client port: server and client authentication, with the names of the members and of
   * the Service, `localhost`, 127.0.0.1 and ::1. It has no common name, so that etcd's HTTP gateway works with
   * authentication.
   */
  serverSecret: pulumi.Input<string>;

  /**
   * The administrator's client certificate: client authentication, common name `root`. `etcdctl` in the pods uses it.
   */
  rootSecret: pulumi.Input<string>;

  /** The controller's client certificate for etcd: client authentication, common name `root`. */
  controllerSecret: pulumi.Input<string>;

  /**
   * The controller's server certificate, for the members' init containers and restore pods: server authentication, of
   * the peers' authority, with the DNS name `<cluster>-controller.<namespace>.svc.<domain>`.
   */
  controllerServerSecret: pulumi.Input<string>;

  /**
   * A restore pod's certificate, needed only with `restore` or `recovery`: server and client authentication, of the
   * peers' authority, common name `root`, with the DNS names `<cluster>-restore.<namespace>.svc.<domain>` and
   * `localhost` and the IP address 127.0.0.1.
   */
  restoreSecret?: pulumi.Input<string>;

  /**
   * Any text, to be changed whenever a `ca.crt` changes: etcd reads a `ca.crt` only at its start, and a change of this
   * text is a rolling restart. Default: empty.
   */
  caRevision?: pulumi.Input<string>;
}

/**
 * The progress of a rotation of the authorities' keys. Keep it declared after the last step, because it determines the
 * cluster's authorities. The next rotation is the next revision.
 */
export interface CaRotation {
  /**
   * The number of the new authorities. A cluster's first authorities are 1, the first rotation is 2, and each further
   * one is one more.
   */
  revision: number;

  /**
   * The step of the rotation from `revision - 1` to `revision`: `TrustBoth`, then `SignWithNew`, then `DropOld`. Before
   * each next step, all clients have to read their Secret again. To take a step back, declare the one before it.
   */
  step: CaRotationStep;
}

/** A client for which the component creates a certificate. */
export interface Client {
  /** The common name and the end of the Secret's name. It has to be a DNS label other than `root`. */
  name: string;
}
