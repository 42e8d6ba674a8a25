"""One Ray cluster and one bucket for all tests that need them: both are slow to start."""

from __future__ import annotations

import socket

import pytest

NODE_BYTES = 12 << 30
"""Memory that every node says it has."""
AGENT_PORTS = ("metrics_agent_port", "metrics_export_port", "runtime_env_agent_port")
"""Ports of two Python processes that start with each node; where they choose them, Ray waits to hear of each."""
PATIENT = {"RAY_worker_register_timeout_seconds": "600", "RAY_num_workers_soft_limit": "4"}
"""Settings of Ray for nodes of one core that many tests use: a process may be slow to start, and some wait for work."""


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
    from ray._private import services
    from ray.cluster_utils import Cluster

    class PatientCluster(Cluster):
        """Names the ports: a node that waits for them dies after 15 seconds, which a busy machine needs for less."""

        def add_node(self, **arguments):
            # Of its own accord a node offers what memory the machine has to spare at that moment.
            ports = {port: free_port() for port in AGENT_PORTS}
            return super().add_node(**{"memory": NODE_BYTES, **ports, **arguments})

    def start_process(command, process_type, *rest, **named):
        if process_type == "raylet":  # Ray lacks an argument for the third port of theirs
            command = [*command, f"--dashboard_agent_listen_port={free_port()}"]
        return started(command, process_type, *rest, **named)

    started = services.start_ray_process
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**DEFAULTS, **PATIENT}.items():
            patch.setenv(name, value)
        patch.setattr(services, "start_ray_process", start_process)
        own = PatientCluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        own.add_node(num_cpus=1)
        ray.init(address=own.address, namespace=NAMESPACE, log_to_driver=False)
        yield own
        ray.shutdown()
        own.shutdown()


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
