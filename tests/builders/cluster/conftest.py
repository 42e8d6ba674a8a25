"""One Ray cluster and one bucket for all tests that need them: both are slow to start."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def bucket():
    """A bucket behind the S3 protocol on loopback, known to this process and those that it starts."""
    import s3fs

    server = pytest.importorskip("moto.server").ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as environment:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():  # fmt: skip
            environment.setenv(name, value)
        s3fs.S3FileSystem().mkdir("labels")
        yield "s3://labels"
    server.stop()


@pytest.fixture(scope="session")
def cluster(bucket):  # workers must know the bucket from the start
    """A cluster of two nodes with one core each, to which this process is connected."""
    ray = pytest.importorskip("ray")
    from adaptlabels.builders.cluster.engine import DEFAULTS, NAMESPACE
    from ray.cluster_utils import Cluster

    own = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    own.add_node(num_cpus=1)
    with pytest.MonkeyPatch.context() as environment:
        for name, value in DEFAULTS.items():
            environment.setenv(name, value)
        ray.init(address=own.address, namespace=NAMESPACE, log_to_driver=False)
    yield own
    ray.shutdown()
    own.shutdown()
