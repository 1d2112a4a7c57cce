/** The endpoint of a store, by its arguments, and the time zone of its schedule. */
import { expect } from "chai";
import type { S3Store } from "../../../components";
import type { S3Settings } from "../../../components/contract/jobs";
import { storeSettings } from "../../../components/config/jobs";
import { isTimeZone } from "../../../components/validation/time-zone-names";
import { valueOf } from "../../support/render";

describe("an S3 store", () => {
  const settings = async (s3: S3Store) => (await valueOf(storeSettings({ s3 }, "ns/etcd"))) as S3Settings;
  const cases: readonly (readonly [S3Store, string, boolean])[] = [
    [{ bucket: "backups" }, "https://s3.us-east-1.amazonaws.com", false],
    [{ bucket: "backups", region: "eu-central-1" }, "https://s3.eu-central-1.amazonaws.com", false],
    [{ bucket: "backups", region: "cn-north-1" }, "https://s3.cn-north-1.amazonaws.com.cn", false],
    [{ bucket: "backups", region: "us-gov-west-1" }, "https://s3.us-gov-west-1.amazonaws.com", false],
    [{ bucket: "backups", region: "us-iso-east-1" }, "https://s3.us-iso-east-1.c2s.ic.gov", false],
    [{ bucket: "backups", region: "us-isob-east-1" }, "https://s3.us-isob-east-1.sc2s.sgov.gov", false],
    [{ bucket: "backups", region: "eusc-de-east-1" }, "https://s3.eusc-de-east-1.amazonaws.eu", false],
    // A certificate for all buckets covers only one label.
    [{ bucket: "my.dotted.bucket" }, "https://s3.us-east-1.amazonaws.com", true],
    [{ bucket: "Old_Bucket" }, "https://s3.us-east-1.amazonaws.com", true],
    [{ bucket: "backups", pathStyle: true }, "https://s3.us-east-1.amazonaws.com", true],
    [{ bucket: "backups", endpoint: "https://minio:9000" }, "https://minio:9000", true],
    [{ bucket: "backups", endpoint: "https://minio:9000", pathStyle: false }, "https://minio:9000", false],
  ];
  for (const [args, endpoint, pathStyle] of cases)
    it(`is at ${endpoint}, ${pathStyle ? "by path" : "by host"}: ${JSON.stringify(args)}`, async () =>
      expect(await settings(args)).to.include({ endpoint, pathStyle }));
});

describe("a time zone", () => {
  it("must be spelt as Kubernetes knows it", () => {
    for (const zone of Intl.supportedValuesOf("timeZone")) expect(isTimeZone(zone), zone).to.equal(true);
    for (const zone of [
      "UTC",
      "US/Pacific",
      "GB",
      "Asia/Katmandu",
      "America/Argentina/Buenos_Aires",
      "Etc/GMT+5",
    ])
      expect(isTimeZone(zone), zone).to.equal(true);
    for (const zone of Intl.supportedValuesOf("timeZone"))
      expect(isTimeZone(zone.toLowerCase()), zone).to.equal(false);
    for (const zone of [
      "",
      "utc",
      "Utc",
      "PST",
      "AET",
      "Factory",
      "Local",
      "+01:00",
      "Europe",
      "Europe/",
      "posix/UTC",
    ])
      expect(isTimeZone(zone), zone).to.equal(false);
  });
});
