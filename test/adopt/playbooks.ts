/** What the Pi Cluster playbooks leave on a server with one K3s: as their roles and K3s's own installer write it. A shell script for the machine, as root. */
export const asThePlaybooksBuild = ({ mirror, token }: { mirror: string; token: string }): string => `set -eu
install -d -m 755 /etc/rancher/k3s
printf '%s' '${token}' > /etc/rancher/k3s/cluster-token
chmod 600 /etc/rancher/k3s/cluster-token
cat > /etc/rancher/k3s/kubelet.config <<'EOF'
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
shutdownGracePeriod: 30s
shutdownGracePeriodCriticalPods: 10s
EOF
cat > /etc/rancher/k3s/config.yaml <<'EOF'
cluster-init: true
token-file: /etc/rancher/k3s/cluster-token
flannel-backend: host-gw
disable:
- traefik
- servicelb
- metrics-server
- local-storage
- coredns
etcd-expose-metrics: true
kubelet-arg:
- config=/etc/rancher/k3s/kubelet.config
write-kubeconfig-mode: 644
EOF
curl -fsS -o /usr/local/bin/k3s.new '${mirror}/github.com/k3s-io/k3s/releases/download/v1.34.4+k3s1/k3s'
chmod 755 /usr/local/bin/k3s.new
mv /usr/local/bin/k3s.new /usr/local/bin/k3s
for name in kubectl crictl ctr; do ln -sf /usr/local/bin/k3s /usr/local/bin/$name; done
install -m 600 /dev/null /etc/systemd/system/k3s.service.env
cat > /etc/systemd/system/k3s.service <<'EOF'
[Unit]
Description=Lightweight Kubernetes
Wants=network-online.target
After=network-online.target

[Install]
WantedBy=multi-user.target

[Service]
Type=notify
EnvironmentFile=-/etc/default/%N
EnvironmentFile=-/etc/systemd/system/k3s.service.env
KillMode=process
Delegate=yes
LimitNOFILE=1048576
LimitNPROC=infinity
LimitCORE=infinity
TasksMax=infinity
TimeoutStartSec=0
Restart=always
RestartSec=5s
ExecStart=/usr/local/bin/k3s \\
    server \\

EOF
systemctl daemon-reload
systemctl enable --quiet --now k3s
`;

/** The same, as the playbooks' author keeps it: an inventory and its variables, by path. */
export const project = ({
  address,
  user,
  key,
  token,
}: {
  address: string;
  user: string;
  key: string;
  token: string;
}): Record<string, string> => ({
  'inventory.yml': `all:
  children:
    picluster:
      hosts:
        n1: { hostname: n1, ansible_host: ${address}, ip: ${address} }
    k3s_cluster:
      children:
        k3s_master:
          hosts: { n1: }
`,
  'group_vars/all.yml': `ansible_user: ${user}\nansible_ssh_private_key_file: ${key}\ndns_domain: lab.example.com\n`,
  'vars/picluster.yml': `k3s_version: v1.34.4+k3s1
k3s_config_directory: /etc/rancher/k3s
k3s_token: ${token}
k3s_kubelet_config: |
  apiVersion: kubelet.config.k8s.io/v1beta1
  kind: KubeletConfiguration
  shutdownGracePeriod: 30s
  shutdownGracePeriodCriticalPods: 10s
k3s_server_config:
  cluster-init: true
  flannel-backend: host-gw
  disable: [traefik, servicelb, metrics-server, local-storage, coredns]
  etcd-expose-metrics: true
  kubelet-arg: ["config={{ k3s_config_directory }}/kubelet.config"]
  write-kubeconfig-mode: 644
`,
});
